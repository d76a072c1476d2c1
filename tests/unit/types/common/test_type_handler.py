"""From a request to a step: an Update of what runs already, and the way back to it."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.cloudformation import event
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.outcome import (
    Done,
    InvalidProperties,
    Outcome,
    RefusedChanges,
    TemporaryError,
    Waiting,
)
from cfn_mlflow.runtime.progress import Wait
from cfn_mlflow.types.bucket.graph import BUCKET
from tests.support.beside_moto import buckets
from tests.support.beside_moto.stacks import standing
from tests.support.cloudformation.protocol_kit import PLACE, signed_url
from tests.support.objects.service_kit import STACK, boto
from tests.support.properties import named_things as things

FAULTY = {"Tags": {"team": "two  words\x7f"}}
"""What a version took that had no rule for it."""


@pytest.fixture(autouse=True)
def s3(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    buckets.install(monkeypatch)


def request(request_type: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
    return event.parse(
        {
            "RequestType": request_type,
            "ResponseURL": signed_url(STACK, "Bucket", "1"),
            "StackId": STACK,
            "RequestId": "1",
            "ResourceType": "Custom::MLflowBucket",
            "LogicalResourceId": "Bucket",
            **({} if request_type == "Create" else {"PhysicalResourceId": "id"}),
            "ResourceProperties": new,
            **({} if old is None else {"OldResourceProperties": old}),
        },
        PLACE,
    )


def served(request_type: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> Outcome:
    asked = request(request_type, new, old)
    outcome: Outcome = BUCKET.prepare(asked, asked.identity)()
    return outcome


def team() -> str:
    """Return the tag that the bucket has of the user."""
    client = boto("s3")
    name = client.list_buckets()["Buckets"][0]["Name"]
    tags = {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=name)["TagSet"]}
    return str(tags.get("team"))


def test_given_what_an_earlier_invocation_created_then_the_next_waits_for_it() -> None:
    not_visible = "created; not visible yet"
    now = time.time()
    asked = replace(request("Create", {}), waited={"bucket": Wait(not_visible, now, now)})
    assert BUCKET.prepare(asked, asked.identity)() == Waiting({"bucket": not_visible})
    assert boto("s3").list_buckets()["Buckets"] == []


def test_given_a_rollback_to_a_fault_then_it_passes_and_the_log_tells_the_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mended = {"Tags": {"team": "mended"}}
    served("Create", mended)
    with standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        assert isinstance(served("Update", FAULTY, mended), Done)
    assert team() == FAULTY["Tags"]["team"]
    told = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert told == [
        "Continues with a fault that the resource already had. Correct it: Tags.team: only letters,"
        " digits, spaces (no tab or line break) and _ . : / = + - @"
    ]


def test_given_a_fault_that_runs_already_then_an_update_passes_and_asks_no_stack() -> None:
    served("Create", {})
    with standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        served("Update", FAULTY, {})
    assert isinstance(served("Update", FAULTY | {"Path": "/a"}, FAULTY), Done)
    assert team() == FAULTY["Tags"]["team"]


def test_given_a_new_fault_beside_an_old_one_then_it_is_refused_and_nothing_changes() -> None:
    served("Create", {})
    new = FAULTY | {"IntelligentTieringDays": "4000"}
    with (
        standing("UPDATE_IN_PROGRESS"),
        pytest.raises(InvalidProperties, match=r"^IntelligentTieringDays: must be 0 to 3650$"),
    ):
        served("Update", new, FAULTY)
    assert team() == "None"


def test_given_a_stack_that_cannot_be_asked_now_then_it_is_asked_again() -> None:
    served("Create", {})
    asked = request("Update", FAULTY, {})
    step = BUCKET.prepare(asked, asked.identity)
    with Stubber(session.client("cloudformation")) as stub:
        stub.add_client_error("describe_stacks", "Throttling")
        with pytest.raises(TemporaryError):
            step()
    with standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        assert isinstance(step(), Done)


def test_given_a_stack_that_may_not_be_asked_then_the_faults_are_told() -> None:
    with Stubber(session.client("cloudformation")) as stub:
        stub.add_client_error("describe_stacks", "AccessDenied")
        with pytest.raises(InvalidProperties, match="Tags"):
            served("Update", FAULTY, {})


def test_given_a_name_that_no_rule_takes_any_more_then_an_update_is_no_rename() -> None:
    old = {"UniqueName": "internal-team"}
    with standing("UPDATE_ROLLBACK_IN_PROGRESS"), pytest.raises(Exception, match="it is gone"):
        served("Update", old, old)


def after_unknown(new: dict[str, Any]) -> Outcome:
    """Serve an Update whose former properties no event of the stack tells any more."""
    asked = replace(request("Update", new), old_properties=None)
    outcome: Outcome = BUCKET.prepare(asked, asked.identity)()
    return outcome


def test_given_unknown_former_properties_then_no_fault_stands() -> None:
    served("Create", {})
    with (
        standing("UPDATE_IN_PROGRESS"),
        pytest.raises(InvalidProperties, match=r"^Tags\.team: only letters"),
    ):
        after_unknown(FAULTY)


@pytest.mark.parametrize("properties", [{}, {"UniqueName": "team-a"}])
def test_given_unknown_former_properties_then_what_has_its_name_is_updated(
    properties: dict[str, str],
) -> None:
    served("Create", properties)
    assert isinstance(after_unknown(properties | {"Tags": {"team": "a"}}), Done)
    assert team() == "a"


def test_given_unknown_former_properties_then_a_name_that_nothing_has_is_refused() -> None:
    served("Create", {"UniqueName": "team-a"})
    refusal = "UniqueName: no object of this resource is named team-b, and CloudFormation's events"
    with pytest.raises(RefusedChanges, match=refusal):
        after_unknown({"UniqueName": "team-b"})
    assert len(boto("s3").list_buckets()["Buckets"]) == 1


def test_given_unknown_former_properties_then_a_bucket_of_the_users_is_updated() -> None:
    properties = {"BucketId": things.bucket("theirs")}
    served("Create", properties)
    assert isinstance(after_unknown(properties | {"Path": "/a"}), Done)


def test_given_refused_properties_then_there_is_nothing_to_give_up() -> None:
    asked = request("Update", {"EmptyOnDelete": "perhaps"}, {})
    assert BUCKET.give_up
    BUCKET.give_up(asked, asked.identity)


def acted_for(stack_id: str, serve: str) -> session.Tenant:
    """Serve a request of a stack in this process, and return for whom it acts then."""
    asked = replace(request("Update", {"UniqueName": "team-b"}, {}), stack_id=stack_id)
    session.act_for(session.Tenant("of another request", "zzzzzzzzzz"))
    steps = {"prepare": BUCKET.prepare, "removal": BUCKET.removal, "give up": BUCKET.give_up}
    steps[serve](asked, asked.identity)  # type: ignore[misc] # the type has all three
    assert session._Now.working
    return session._Now.working.tenant


@pytest.mark.parametrize("serve", ["prepare", "removal", "give up"])
def test_given_requests_of_two_stacks_in_one_process_then_each_acts_for_its_own(serve: str) -> None:
    for name, guid in (("team-a", "a" * 36), ("team-b", "b" * 36)):
        stack_id = f"{STACK.rsplit('/', 2)[0]}/{name}/{guid}"
        tenant = acted_for(stack_id, serve)
        digest = Identity(stack_id, "Bucket").digest
        assert tenant == session.Tenant(guid, digest, name)


@pytest.mark.parametrize("serve", ["prepare", "removal"])
def test_given_properties_that_are_refused_then_nobody_is_acted_for_from_before(serve: str) -> None:
    """Whatever is asked after a refusal, it is not asked in the session of another stack."""
    asked = request("Create", FAULTY)
    session.act_for(session.Tenant("of another request", "zzzzzzzzzz"))
    with suppress(InvalidProperties):
        (BUCKET.prepare if serve == "prepare" else BUCKET.removal)(asked, asked.identity)
    assert session._Now.working
    assert session._Now.working.tenant.stack == asked.identity.guid
