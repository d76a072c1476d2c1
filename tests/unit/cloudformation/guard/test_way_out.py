"""The reason of a request that CloudFormation does not confirm has a command that can be run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.outcome import REASON_BYTES, PermanentError
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    STACK_ID,
    FakeStack,
    LookedError,
    World,
    outcomes,
)

LONG = "The function may not ask: " + "x" * 300
Lines = Callable[[], list[dict[str, Any]]]


def command(stack: str, logical_id: str) -> str:
    return (
        "If its stack rolls back, skip it: aws cloudformation continue-update-rollback"
        f" --stack-name {stack} --resources-to-skip {logical_id}"
    )


def reason(world: World, stack: str, logical_id: str, request_type: str = "Update") -> str:
    """Return the answer's reason, without the log stream, if CloudFormation cannot be asked."""
    stack_id = STACK_ID.replace("/tracking/", f"/{stack}/")
    refused = PermanentError(Reason.CallRefused, LONG)
    world.stack = FakeStack([refused], stack_id=stack_id)
    world.converge = outcomes(LookedError("changed something"))
    asked = {"StackId": stack_id, "LogicalResourceId": logical_id}
    world.handle(world.event(request_type, **asked))
    told: str = world.answers.only["Reason"].partition(" (log stream")[0]
    assert told.startswith("[RequestNotConfirmed] CloudFormation does not confirm this request: T")
    assert "Nothing was changed for it" in told
    assert len(told.encode()) <= REASON_BYTES
    return told


@pytest.mark.parametrize(("stack", "logical_id"), [(8, 6), (20, 20), (128, 1), (90, 84)])
def test_the_command_that_skips_a_resource_is_whole_and_the_error_has_the_rest(
    world: World, stack: int, logical_id: int
) -> None:
    told = reason(world, "s" * stack, "L" * logical_id)

    assert told.endswith(command("s" * stack, "L" * logical_id))
    assert len(told.encode()) == REASON_BYTES


@pytest.mark.parametrize(("stack", "logical_id"), [(128, 255), (90, 85)])
def test_names_too_long_for_the_reason_have_the_whole_command_in_the_log(
    world: World, lines: Lines, stack: int, logical_id: int
) -> None:
    told = reason(world, "s" * stack, "L" * logical_id)

    assert told.endswith("If its stack rolls back, skip it: the log has the command")
    said = [line["message"] for line in lines() if line["level"] == "ERROR"]
    assert any(line.endswith(command("s" * stack, "L" * logical_id)) for line in said)


@pytest.mark.parametrize("request_type", ["Create", "Delete"])
def test_a_request_that_is_no_update_has_no_way_out_and_more_of_the_error(
    world: World, request_type: str
) -> None:
    told = reason(world, "tracking", "MLflow", request_type)

    assert told.endswith("xxx.... Nothing was changed for it")
    assert len(told.encode()) == REASON_BYTES
