"""The real protocol on the local AWS: killed, handed on, cancelled, given up."""

import json
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

import last_word
from local.aws import LocalAws
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack

FUNCTIONS = Path(last_word.__file__).parent
LIBRARIES = [str(FUNCTIONS), str(FUNCTIONS.parent), *(p for p in sys.path if "site-packages" in p)]


def code(module: str) -> dict[str, Any]:
    """Return a function's code: the module, with what is installed here in place of an artifact."""
    return {
        "ZipFile": f"import sys\nsys.path[:0] = {LIBRARIES!r}\nfrom {module} import handler\n",
    }


@pytest.fixture
def looking(probe: Probe) -> Any:
    """Return a template with one resource of the real protocol, and the last word behind it."""

    def template(timeout: int, **properties: Any) -> dict[str, Any]:
        made = probe.template(
            {"Thing": properties},
            Code=code("tests.support.local_aws.probe.looking"),
            Timeout=timeout,
            DeadLetterConfig={"TargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
        )
        resources = made["Resources"]
        resources["DeadLetters"] = {"Type": "AWS::SQS::Queue"}
        resources["LastWord"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                **resources["Function"]["Properties"],
                "FunctionName": f"{probe.name[:55]}-last",
                "Code": code("last_word"),
                "Timeout": 30,
                "DeadLetterConfig": {"Ref": "AWS::NoValue"},
            },
        }
        resources["Mapping"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
                "FunctionName": {"Ref": "LastWord"},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        }
        resources["Thing"]["DependsOn"] = ["Mapping"]
        # CloudFormation masks it in the events by which a request is confirmed.
        made["Parameters"] = {"Hidden": {"Type": "String", "NoEcho": True, "Default": "hidden"}}
        resources["Thing"]["Properties"]["Hidden"] = {"Ref": "Hidden"}
        # In the events, CloudFormation has `?` for what is not ASCII.
        resources["Thing"]["Properties"]["Places"] = {"Größe": "Messe München 🌍"}
        made["Outputs"] = {"Things": {"Value": {"Fn::GetAtt": ["Thing", "Things"]}}}
        return made

    return template


def looks(probe: Probe, request_type: str) -> list[int]:
    """Return the process of each look at a request."""
    return [line["pid"] for line in probe.seen() if line["type"] == request_type]


def test_a_request_longer_than_its_function_is_handed_on_until_it_is_done(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=8, Things=5))

    assert stack.status == "CREATE_COMPLETE", stack.failures()
    assert stack.outputs == {"Things": "5"}
    assert stack.resource("Thing")["PhysicalResourceId"].startswith("mlflow-")
    assert stack.update(looking(timeout=8, Things=6)) == "UPDATE_COMPLETE"
    assert stack.outputs == {"Things": "6"}
    assert stack.delete() == "DELETE_COMPLETE"
    assert len(looks(probe, "Create")) == 6
    assert len(looks(probe, "Delete")) == 2


def test_a_function_killed_in_the_middle_is_delivered_again_and_completes(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=3, DieAt=["2"]))

    assert stack.status == "CREATE_COMPLETE", stack.failures()
    assert stack.outputs == {"Things": "3"}
    assert len(set(looks(probe, "Create"))) == 2
    assert stack.delete() == "DELETE_COMPLETE"


def test_for_a_function_that_always_dies_the_last_word_is_spoken(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=3, DieAt="always"))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert "[FunctionDied] " in stack.failures()["Thing"]
    assert "deploy again" in stack.failures()["Thing"]
    assert len(looks(probe, "Create")) == 3
    assert looks(probe, "Delete")


def test_a_stack_deleted_while_it_is_made_is_not_made_again_behind_its_delete(
    bare_aws: LocalAws, probe: Probe, looking: Any, tmp_path: Path
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=8, Things=500), wait=False)
    probe.wait_until_seen(3)

    assert stack.delete() == "DELETE_COMPLETE"

    kinds = [line["type"] for line in probe.seen()]
    first_delete = kinds.index("Delete")
    assert "Create" not in kinds[first_delete + 2 :]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{probe.name}.jsonl"]


def test_at_the_deadline_the_stack_tells_what_it_waits_for_and_rolls_back(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=500, ServiceTimeout="12"))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert "still waiting for things" in stack.failures()["Thing"]
    assert "of 500" in stack.failures()["Thing"]
    assert looks(probe, "Delete")


def things(folder: Path) -> int:
    """Return how many things there are, of all resources."""
    return len([path for path in folder.rglob("*") if path.is_file() and path.suffix != ".jsonl"])


def test_an_update_that_fails_goes_back_and_what_an_update_drops_is_removed(
    bare_aws: LocalAws, probe: Probe, looking: Any, tmp_path: Path
) -> None:
    """The events of both requests are without the properties that the requests have."""
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=3))
    assert stack.status == "CREATE_COMPLETE", stack.failures()

    failing = looking(timeout=80, Things=500, ServiceTimeout="12")
    assert stack.update(failing) == "UPDATE_ROLLBACK_COMPLETE"
    assert "still waiting for things" in stack.failures()["Thing"]
    without = looking(timeout=80, Things=3)
    del without["Resources"]["Thing"], without["Outputs"]
    assert things(tmp_path) >= 3
    assert stack.update(without) == "UPDATE_COMPLETE"

    assert things(tmp_path) == 0
    assert stack.delete() == "DELETE_COMPLETE"


def test_made_up_requests_change_nothing_of_what_lives_and_real_ones_go_on(
    bare_aws: LocalAws, probe: Probe, looking: Any, tmp_path: Path
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=3))
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    before = probe.seen()
    key = urllib.parse.quote(f"{stack.id}|Thing|made-up")
    host = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
    elsewhere = {"ResponseURL": "https://127.0.0.1:1/x"}
    made_up = {
        "RequestType": "Delete",
        "ResponseURL": f"https://{host}/{key}?X-Amz-Signature=made-up",
        "StackId": stack.id,
        "RequestId": "made-up",
        "LogicalResourceId": "Thing",
        "PhysicalResourceId": "made-up",
        "ResourceType": "Custom::Probe",
        "ResourceProperties": {"Things": "9"},
    }
    client = bare_aws.session().client("lambda")

    for changes in ({}, elsewhere, {"RequestType": "Update"}, {"RequestType": "Create"}):
        answer = client.invoke(
            FunctionName=probe.name, Payload=json.dumps({**made_up, **changes}).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    assert probe.seen() == before
    assert things(tmp_path) == 3
    assert stack.update(looking(timeout=80, Things=4)) == "UPDATE_COMPLETE"
    assert things(tmp_path) == 4
    assert stack.delete() == "DELETE_COMPLETE"
    assert things(tmp_path) == 0
