"""A request is served: whose it must be, what is answered, and when the invocation fails."""

from __future__ import annotations

import io
from typing import Any

import pytest

from cfn_mlflow.cloudformation.delivery import RefusedError, UndeliveredError
from cfn_mlflow.outcome import (
    Cause,
    Done,
    Failed,
    InvalidProperties,
    TemporaryError,
    Waiting,
)
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    LOG_GROUP,
    LOG_STREAM,
    LOGICAL_ID,
    SECRET,
    STACK_ID,
    FakeStack,
    World,
    outcomes,
    signed_url,
    state,
)


def invalid(faults: list[str]) -> InvalidProperties:
    return InvalidProperties([Cause(Reason.InvalidProperty, fault) for fault in faults])


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_finished_request_is_answered_with_all_it_came_with(
    world: World, request_type: str
) -> None:
    event = world.event(request_type)

    world.handle(event)

    answer = world.answers.only
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == IDENTITY.physical_id
    assert answer["StackId"] == STACK_ID
    assert answer["RequestId"] == event["RequestId"]
    assert answer["LogicalResourceId"] == LOGICAL_ID
    assert answer["NoEcho"] is False
    assert f"(log stream {LOG_STREAM} of {LOG_GROUP})" in answer["Reason"]
    assert answer["Data"] == ({} if request_type == "Delete" else {"Name": "value"})


def test_the_answer_is_put_as_cloudformation_signed_it(world: World) -> None:
    world.handle(world.event())

    ((path, headers),) = world.answers.requests
    assert signed_url().endswith(path)
    assert headers["Content-Type"] == ""
    assert headers["Content-Length"] == str(len(world.answers.bodies[0]))


def test_invalid_property_is_answered_once_the_request_is_confirmed(
    world: World,
) -> None:
    def prepare(*_: object) -> Any:
        raise invalid(["Engin: unknown", "MinCapacity: not a number"])

    world.prepare, world.stack = prepare, FakeStack([state("CREATE_IN_PROGRESS")])

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert "Engin: unknown; MinCapacity: not a number" in world.answers.only["Reason"]
    assert (world.stack.asked, world.stack.asked_for_events) == (1, 1)


def test_a_failure_is_answered_with_its_reason_and_the_id_for_life(world: World) -> None:
    world.converge = outcomes(Failed(Reason.CallRefused, "The cluster is incompatible-network."))

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["Reason"].startswith(
        "[CallRefused] The cluster is incompatible-network."
    )
    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id


def test_neither_the_url_nor_a_property_is_in_the_log(
    world: World, written: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    world.timeout = 4
    world.converge = outcomes(Waiting({"a": "b"}), TemporaryError("t"), ValueError("v"), Done({}))
    world.answers.statuses = [500]

    world.deliver(world.event("Update"))

    everything = written.getvalue() + caplog.text
    assert world.answers.all[-1]["Status"] == "SUCCESS"
    for secret in (SECRET, "X-Amz-Signature", "5161a7e5", "cfn-response", "%7CMLflow"):
        assert secret not in everything


def test_a_delete_needs_no_valid_properties(world: World) -> None:
    def prepare(*_: object) -> Any:
        raise invalid(["never asked"])

    world.prepare = prepare

    world.handle(world.event("Delete", ResourceProperties={"Nonsense": ["x"]}))

    assert world.answers.only["Status"] == "SUCCESS"


def test_another_types_request_is_refused_by_name(world: World) -> None:
    world.stack = FakeStack([state("CREATE_IN_PROGRESS")], type="Custom::MLflowBucket")

    world.handle(world.event(ResourceType="Custom::MLflowBucket"))

    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["Reason"].startswith(Reason.WrongServiceToken.prefix)
    assert "Custom::MLflow, not of Custom::MLflowBucket" in world.answers.only["Reason"]
    assert world.seen == []


def test_another_types_delete_succeeds_only_when_nothing_is_owned(world: World) -> None:
    world.remove = outcomes(Waiting({"bucket": "deleting"}), Done({}))

    world.handle(world.event("Delete", ResourceType="Custom::Unknown"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert len(world.seen) == 1


def test_a_template_may_name_the_type_as_any_custom_resource(world: World) -> None:
    any_type = "AWS::CloudFormation::CustomResource"
    world.stack = FakeStack([state("CREATE_IN_PROGRESS")], type=any_type)

    world.handle(world.event(ResourceType=any_type))

    assert world.answers.only["Status"] == "SUCCESS"


def test_an_update_answers_with_the_id_it_came_with(world: World) -> None:
    world.handle(world.event("Update", PhysicalResourceId="made-elsewhere"))

    assert world.answers.only["PhysicalResourceId"] == "made-elsewhere"


def test_a_refused_answer_is_an_error_of_the_invocation_and_is_sent_once(world: World) -> None:
    world.answers.statuses = [403, 200]

    with pytest.raises(RefusedError, match="403"):
        world.handle(world.event())

    assert len(world.answers.bodies) == 1


def test_an_undeliverable_answer_is_an_error_of_the_invocation(world: World) -> None:
    world.answers.statuses = [503] * 20

    with pytest.raises(UndeliveredError, match="503"):
        world.handle(world.event())
