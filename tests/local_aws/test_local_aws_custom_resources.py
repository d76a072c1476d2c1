"""Custom resources on the local AWS are treated as CloudFormation treats them."""

import datetime
import http.client
import json
import re
import socket
import ssl
import time
import urllib.parse
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack


def put(aws: LocalAws, url: str, body: bytes) -> int:
    parts = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=str(aws.state / "tls" / "trusted.pem"))
    place = ("127.0.0.1", int((aws.state / "tls" / "port").read_text()))
    connection = http.client.HTTPSConnection(parts.netloc)
    # Only the functions find the bucket by its name.
    connection.sock = context.wrap_socket(
        socket.create_connection(place, timeout=60), server_hostname=parts.netloc
    )
    connection.request("PUT", f"{parts.path}?{parts.query}", body)
    return connection.getresponse().status


def answer_to(event: dict[str, Any], **changes: object) -> bytes:
    echoed = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    return json.dumps(
        {"Status": "SUCCESS", "PhysicalResourceId": "by-hand", **echoed, **changes}
    ).encode()


def test_create_update_and_delete_reach_the_function_as_cloudformation_sends_them(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"N": 1, "B": True}}))
    assert stack.status == "CREATE_COMPLETE"
    assert stack.update(probe.template({"Thing": {"N": 2, "L": [1, "a"]}})) == "UPDATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"

    create, update, delete = (line["event"] for line in probe.seen())
    token = create["ServiceToken"]
    assert set(create) == {
        "RequestType",
        "ServiceToken",
        "ResponseURL",
        "StackId",
        "RequestId",
        "LogicalResourceId",
        "ResourceType",
        "ResourceProperties",
    }
    assert create["ResourceProperties"] == {"ServiceToken": token, "N": "1", "B": "true"}
    assert update["PhysicalResourceId"] == "probe-Thing"
    assert update["OldResourceProperties"] == create["ResourceProperties"]
    assert update["ResourceProperties"] == {"ServiceToken": token, "N": "2", "L": ["1", "a"]}
    assert delete["ResourceProperties"] == update["ResourceProperties"]
    assert "OldResourceProperties" not in delete
    assert len({event["RequestId"] for event in (create, update, delete)}) == 3


def test_a_resource_that_an_update_adds_is_created_and_if_it_fails_deleted(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}))
    template = probe.template({"Thing": {}, "More": {"OnCreate": "fail"}})
    assert stack.update(template) == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.statuses("More") == [
        "CREATE_IN_PROGRESS",
        "CREATE_FAILED",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    assert stack.update(probe.template({"Thing": {}, "More": {}})) == "UPDATE_COMPLETE"
    assert stack.statuses("More")[4:] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    changed = probe.template({"Thing": {}, "More": {"OnUpdate": "id=new"}})
    assert stack.update(changed) == "UPDATE_COMPLETE"
    assert stack.statuses("More")[6:8] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    again = probe.template({"Thing": {}, "More": {"OnUpdate": "id=new", "N": 2}})
    assert stack.update(again) == "UPDATE_COMPLETE"
    assert stack.statuses("More")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_an_update_tells_nothing_of_a_resource_that_it_does_not_change(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"N": 1}, "Other": {}}))

    assert stack.update(probe.template({"Thing": {"N": 2}, "Other": {}})) == "UPDATE_COMPLETE"

    made = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    for unchanged in ("Role", "Function", "Other"):
        assert stack.statuses(unchanged) == made
    assert stack.statuses("Thing") == [*made, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert stack.resource("Other")["ResourceStatus"] == "CREATE_COMPLETE"


def test_the_plain_type_gets_its_logical_id_in_every_request(
    bare_aws: LocalAws, probe: Probe
) -> None:
    def template(number: int) -> dict[str, Any]:
        made = probe.template({"Thing": {"N": number}})
        made["Resources"]["Thing"]["Type"] = "AWS::CloudFormation::CustomResource"
        return made

    stack = Stack.create(bare_aws, probe.name, template(1))
    stack.update(template(2))
    stack.delete()

    events = [line["event"] for line in probe.seen()]
    assert [event["RequestType"] for event in events] == ["Create", "Update", "Delete"]
    assert {event["LogicalResourceId"] for event in events} == {"Thing"}


def test_the_response_url_is_a_presigned_put_for_two_hours(
    bare_aws: LocalAws, probe: Probe
) -> None:
    Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}))
    event = probe.seen()[0]["event"]

    url = urllib.parse.urlsplit(event["ResponseURL"])
    query = dict(urllib.parse.parse_qsl(url.query))
    assert url.scheme == "https"
    assert url.netloc == "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
    assert urllib.parse.unquote(url.path) == f"/{event['StackId']}|Thing|{event['RequestId']}"
    assert query["X-Amz-Expires"] == "7200"
    signed = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    assert abs(datetime.datetime.now(datetime.UTC) - signed) < datetime.timedelta(minutes=5)
    assert set(query) >= {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"}


def test_an_answer_to_an_unknown_or_expired_url_is_refused(
    bare_aws: LocalAws, probe: Probe
) -> None:
    Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}))
    event = probe.seen()[0]["event"]
    url = event["ResponseURL"]

    older = re.sub(r"X-Amz-Date=\d{4}", "X-Amz-Date=2020", url)
    assert put(bare_aws, older, answer_to(event)) == http.client.FORBIDDEN
    assert put(bare_aws, url.replace("Thing", "Other"), b"{}") == http.client.FORBIDDEN
    # S3 takes what comes late; CloudFormation takes no notice of it.
    assert put(bare_aws, url, answer_to(event, Status="FAILED")) == http.client.OK


def test_a_killed_function_is_run_again_with_the_same_request_id(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(
        bare_aws, probe.name, probe.template({"Thing": {"OnCreate": "die until=1"}})
    )

    assert stack.status == "CREATE_COMPLETE"
    first, second = probe.seen()
    assert first["aws_request_id"] == second["aws_request_id"]
    assert first["event"] == second["event"]
    assert first["pid"] != second["pid"]


def test_a_function_killed_from_outside_while_it_runs_is_run_again(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(
        bare_aws,
        probe.name,
        probe.template({"Thing": {"OnCreate": "sleep=30 until=1"}}),
        wait=False,
    )
    (running,) = probe.wait_until_seen(1)
    assert bare_aws.kill_function(probe.name) == [running["pid"]]

    assert stack.wait() == "CREATE_COMPLETE"
    assert len(probe.seen()) == 2


def test_a_function_is_killed_at_its_timeout_and_run_again(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({"Thing": {"OnCreate": "sleep=30 until=1"}}, Timeout=2)
    stack = Stack.create(bare_aws, probe.name, template)

    assert stack.status == "CREATE_COMPLETE"
    first, _second = probe.seen()
    assert 1000 < first["remaining"] <= 2000


def test_the_retries_are_those_of_the_event_invoke_config(bare_aws: LocalAws, probe: Probe) -> None:
    template = probe.template({"Thing": {"OnCreate": "raise", "ServiceTimeout": 3}})
    template["Resources"]["Config"] = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 0,
        },
    }
    template["Resources"]["Thing"]["DependsOn"] = "Config"
    stack = Stack.create(bare_aws, probe.name, template)

    assert stack.status == "ROLLBACK_COMPLETE"
    assert [kind for kind, _ in probe.requests()] == ["Create", "Delete"]


def test_no_answer_within_the_service_timeout_fails_the_resource(
    bare_aws: LocalAws, probe: Probe
) -> None:
    # The timeout runs from the request, not from the end of the function, which takes longer.
    resource = {"OnCreate": "sleep=1200 until=1", "ServiceTimeout": 2}
    template = probe.template({"Thing": resource}, Timeout=900)
    stack = Stack.create(bare_aws, probe.name, template, seconds=600)

    assert stack.status == "ROLLBACK_COMPLETE"
    assert "did not receive a response from your Custom Resource" in stack.failures()["Thing"]
    (_create, _none), (_delete, physical_id) = probe.requests()
    assert re.fullmatch(rf"{stack.name}-Thing-[0-9A-Z]+", physical_id or "")


def test_a_failed_create_is_deleted_in_the_rollback_under_the_id_it_answered(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({"Thing": {"OnCreate": "fail id=half-made"}})
    stack = Stack.create(bare_aws, probe.name, template)

    assert stack.status == "ROLLBACK_COMPLETE"
    request_id = probe.seen()[0]["event"]["RequestId"]
    assert stack.failures()["Thing"] == (
        "Received response status [FAILED] from custom resource. "
        f"Message returned: told to fail (RequestId: {request_id})"
    )
    assert probe.requests() == [("Create", None), ("Delete", "half-made")]
    assert stack.statuses("Thing")[1:] == ["CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_without_rollback_the_failed_resource_is_deleted_with_its_stack(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({"Thing": {"OnCreate": "fail id=half-made"}})
    stack = Stack.create(bare_aws, probe.name, template, OnFailure="DO_NOTHING")
    assert stack.status == "CREATE_FAILED"
    assert stack.resource("Thing")["ResourceStatus"] == "CREATE_FAILED"

    assert stack.delete() == "DELETE_COMPLETE"
    assert probe.requests() == [("Create", None), ("Delete", "half-made")]


def test_an_empty_physical_id_hides_the_reason_and_is_replaced_by_a_made_up_one(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"OnCreate": "fail id="}}))

    assert stack.failures()["Thing"] == "Invalid PhysicalResourceId"
    physical_id = probe.requests()[1][1]
    assert re.fullmatch(rf"{stack.name}-Thing-[0-9A-Z]+", physical_id or "")


def test_an_answer_over_4096_bytes_fails_the_resource(bare_aws: LocalAws, probe: Probe) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"OnCreate": "data=4096"}}))

    assert stack.failures()["Thing"] == "Response object is too long."


def test_attributes_are_strings_as_in_any_template(bare_aws: LocalAws, probe: Probe) -> None:
    template = probe.template({"Thing": {"OnCreate": "data=9"}})
    template["Outputs"] = {
        "Flag": {"Value": {"Fn::GetAtt": ["Thing", "Flag"]}},
        "Filler": {"Value": {"Fn::GetAtt": ["Thing", "Filler"]}},
        "Ref": {"Value": {"Ref": "Thing"}},
    }
    stack = Stack.create(bare_aws, probe.name, template)

    assert stack.outputs == {"Flag": "true", "Filler": "x" * 9, "Ref": "probe-Thing"}


def test_a_failed_update_is_sent_back_with_its_properties_swapped(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"N": 1}}))
    changed = probe.template({"Thing": {"N": 2, "OnUpdate": "fail"}})

    assert stack.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    _create, update, back = (line["event"] for line in probe.seen())
    assert back["RequestType"] == "Update"
    assert back["ResourceProperties"] == update["OldResourceProperties"]
    assert back["OldResourceProperties"] == update["ResourceProperties"]


def test_a_stack_shows_that_it_rolls_back_while_the_updates_of_the_rollback_are_out(
    bare_aws: LocalAws, probe: Probe
) -> None:
    first = {"N": 1, "OnUpdate": "sleep=3"}
    template = probe.template({"First": first, "Thing": {"N": 1}})
    template["Resources"]["Thing"]["DependsOn"] = "First"
    stack = Stack.create(bare_aws, probe.name, template)
    changed = probe.template({"First": {"N": 2}, "Thing": {"N": 2, "OnUpdate": "fail"}})
    changed["Resources"]["Thing"]["DependsOn"] = "First"
    stack.update(changed, wait=False)

    probe.wait_until_seen(5)
    assert stack.status == "UPDATE_ROLLBACK_IN_PROGRESS"
    assert stack.resource("First")["ResourceStatus"] == "UPDATE_IN_PROGRESS"
    assert stack.wait() == "UPDATE_ROLLBACK_COMPLETE"
    sent_back = [line["event"] for line in probe.seen()[4:]]
    assert {event["LogicalResourceId"] for event in sent_back} == {"First", "Thing"}
    assert {event["ResourceProperties"]["N"] for event in sent_back} == {"1"}


def failed_rollback(bare_aws: LocalAws, probe: Probe) -> tuple[Stack, dict[str, Any]]:
    """Return a stack in UPDATE_ROLLBACK_FAILED, and its template, whose third Update succeeds."""
    template = probe.template({"Thing": {"N": 1, "OnUpdate": "fail until=2"}})
    stack = Stack.create(bare_aws, probe.name, template)
    changed = probe.template({"Thing": {"N": 2, "OnUpdate": "fail"}})
    assert stack.update(changed) == "UPDATE_ROLLBACK_FAILED"
    assert stack.resource("Thing")["ResourceStatus"] == "UPDATE_FAILED"
    assert probe.requests() == [("Create", None), *[("Update", "probe-Thing")] * 2]
    return stack, template


def test_failed_rollback_that_is_continued_sends_the_update_back_again(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack, template = failed_rollback(bare_aws, probe)
    with pytest.raises(ClientError, match="UPDATE_ROLLBACK_FAILED state"):
        stack.update(template)

    client = bare_aws.session().client("cloudformation")
    client.continue_update_rollback(StackName=stack.name)
    assert stack.wait() == "UPDATE_ROLLBACK_COMPLETE"
    back = probe.seen()[-1]["event"]
    assert (back["RequestType"], back["ResourceProperties"]["N"]) == ("Update", "1")
    assert back["OldResourceProperties"]["N"] == "2"
    assert stack.resource("Thing")["ResourceStatus"] == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="ContinueUpdateRollback"):
        client.continue_update_rollback(StackName=stack.name)


def test_resource_that_a_failed_rollback_skips_is_sent_nothing_more(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack, template = failed_rollback(bare_aws, probe)
    client = bare_aws.session().client("cloudformation")
    client.continue_update_rollback(StackName=stack.name, ResourcesToSkip=["Thing"])
    assert stack.wait() == "UPDATE_ROLLBACK_COMPLETE"
    assert len(probe.requests()) == 3
    assert stack.resource("Thing")["ResourceStatus"] == "UPDATE_COMPLETE"
    template["Resources"]["Thing"]["Properties"] |= {"N": 3}
    assert stack.update(template) == "UPDATE_COMPLETE"


def test_another_id_in_a_failed_update_is_deleted_and_the_old_one_stays(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"N": 1}}))
    changed = probe.template({"Thing": {"N": 2, "OnUpdate": "fail id=other"}})

    assert stack.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert probe.requests() == [
        ("Create", None),
        ("Update", "probe-Thing"),
        ("Delete", "other"),
    ]
    assert stack.resource("Thing")["PhysicalResourceId"] == "probe-Thing"
    assert stack.delete() == "DELETE_COMPLETE"
    assert probe.requests()[-1] == ("Delete", "probe-Thing")


def test_another_id_in_an_update_is_a_replacement_whose_old_id_is_deleted(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"N": 1}}))

    assert stack.update(probe.template({"Thing": {"OnUpdate": "id=new"}})) == "UPDATE_COMPLETE"
    assert probe.requests()[1:] == [("Update", "probe-Thing"), ("Delete", "probe-Thing")]
    assert stack.resource("Thing")["PhysicalResourceId"] == "new"


def test_a_failed_deletion_keeps_what_it_needs_and_can_be_repeated(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({"Thing": {"OnDelete": "fail until=1"}})
    stack = Stack.create(bare_aws, probe.name, template)

    assert stack.delete() == "DELETE_FAILED"
    assert stack.resource("Thing")["ResourceStatus"] == "DELETE_FAILED"
    for kept in ("Function", "Role"):
        assert stack.resource(kept)["ResourceStatus"] == "CREATE_COMPLETE"
    bare_aws.session().client("lambda").get_function(FunctionName=probe.name)

    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="Function not found"):
        bare_aws.session().client("lambda").get_function(FunctionName=probe.name)


def test_a_rollback_that_cannot_delete_keeps_what_is_needed_and_can_be_repeated(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({"Thing": {"OnCreate": "fail", "OnDelete": "fail until=1"}})
    stack = Stack.create(bare_aws, probe.name, template)

    assert stack.status == "ROLLBACK_FAILED"
    assert stack.resource("Function")["ResourceStatus"] == "CREATE_COMPLETE"
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_resource_can_be_described_while_it_changes(bare_aws: LocalAws, probe: Probe) -> None:
    slow = "sleep=2"
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"Do": slow}}), wait=False)
    probe.wait_until_seen(1)
    assert stack.resource("Thing")["ResourceStatus"] == "CREATE_IN_PROGRESS"
    stack.wait()
    stack.update(probe.template({"Thing": {"Do": slow, "N": 2}}), wait=False)
    probe.wait_until_seen(2)
    assert stack.resource("Thing")["ResourceStatus"] == "UPDATE_IN_PROGRESS"
    assert stack.resource("Thing")["PhysicalResourceId"] == "probe-Thing"
    stack.wait()
    stack.delete(wait=False)
    probe.wait_until_seen(3)
    assert stack.resource("Thing")["ResourceStatus"] == "DELETE_IN_PROGRESS"
    stack.wait()
    assert stack.resource("Thing")["ResourceStatus"] == "DELETE_COMPLETE"


def test_deleting_a_stack_in_creation_sends_delete_while_create_still_runs(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({"Thing": {"OnCreate": "sleep=4 id=late"}, "Next": {}})
    template["Resources"]["Next"]["DependsOn"] = "Thing"
    stack = Stack.create(bare_aws, probe.name, template, wait=False)
    (creating,) = probe.wait_until_seen(1)

    assert stack.delete() == "DELETE_COMPLETE"

    assert stack.failures() == {"Thing": "Resource creation cancelled"}
    _create, (kind, physical_id) = probe.requests()
    assert kind == "Delete"
    assert re.fullmatch(rf"{stack.name}-Thing-[0-9A-Z]+", physical_id or "")
    # The late answer of the Create changes nothing.
    assert put(bare_aws, creating["event"]["ResponseURL"], answer_to(creating["event"])) == 200
    assert stack.status == "DELETE_COMPLETE"
    assert stack.statuses("Next") == []


def test_the_old_stack_is_still_described_by_its_id_when_its_name_is_used_again(
    bare_aws: LocalAws, probe: Probe
) -> None:
    first = Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}))
    first_id = first.id
    first.delete()
    second = Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}))

    client = bare_aws.session().client("cloudformation")
    for stack_id, status in ((first_id, "DELETE_COMPLETE"), (second.id, "CREATE_COMPLETE")):
        detail = client.describe_stack_resource(StackName=stack_id, LogicalResourceId="Thing")
        assert detail["StackResourceDetail"]["ResourceStatus"] == status


def test_a_second_delete_of_a_stack_in_deletion_sends_nothing_more(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {"OnDelete": "sleep=2"}}))
    stack.delete(wait=False)
    probe.wait_until_seen(2)
    assert stack.delete() == "DELETE_COMPLETE"
    time.sleep(0.5)
    assert [kind for kind, _ in probe.requests()] == ["Create", "Delete"]


def test_events_tell_the_properties_of_a_request_and_each_deletion(
    bare_aws: LocalAws, probe: Probe
) -> None:
    def template(**properties: Any) -> dict[str, Any]:
        made = probe.template({"Thing": {"N": 1, "Secret": {"Ref": "Hidden"}, **properties}})
        made["Parameters"] = {"Hidden": {"Type": "String", "NoEcho": True, "Default": "hidden"}}
        return made

    stack = Stack.create(bare_aws, probe.name, template())
    failing = template(N=2, OnUpdate="fail until=1")
    assert stack.update(failing) == "UPDATE_ROLLBACK_COMPLETE", stack.failures()
    dropped = template()
    del dropped["Resources"]["Thing"]
    assert stack.update(dropped) == "UPDATE_COMPLETE"

    found = bare_aws.session().client("cloudformation").describe_stack_events(StackName=stack.id)
    told = [
        (event["ResourceStatus"], json.loads(event.get("ResourceProperties", "null")))
        for event in reversed(found["StackEvents"])
        if event["LogicalResourceId"] == "Thing"
    ]
    token = probe.seen()[0]["event"]["ServiceToken"]
    first = {"ServiceToken": token, "N": "1", "Secret": "****"}
    assert told == [
        ("CREATE_IN_PROGRESS", first),
        ("CREATE_COMPLETE", None),
        ("UPDATE_IN_PROGRESS", {**first, "N": "2", "OnUpdate": "fail until=1"}),
        ("UPDATE_FAILED", None),
        ("UPDATE_IN_PROGRESS", None),
        ("UPDATE_COMPLETE", None),
        ("DELETE_IN_PROGRESS", None),
        ("DELETE_COMPLETE", None),
    ]
    of_stack = [
        event["ResourceStatus"]
        for event in found["StackEvents"]
        if event["PhysicalResourceId"] == stack.id
    ]
    assert of_stack[:3] == [
        "UPDATE_COMPLETE",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
    ]
