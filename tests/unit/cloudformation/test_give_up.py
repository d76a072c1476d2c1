"""Given a request that failed, what must not outlast it is undone before it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.outcome import Done, Failed, TemporaryError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    FUNCTION_ARN,
    SIGNED,
    FakeStack,
    World,
    outcomes,
    signed_url,
    state,
)

NOT_PUT_BACK = "Not everything could be undone"


def undoing(world: World, *ends: Exception | None) -> list[int]:
    """Let it be undone with these ends, the last for ever; return the answers so far, per try."""
    answers_then: list[int] = []
    left = list(ends)

    def give_up(*_: object) -> None:
        answers_then.append(len(world.answers.bodies))
        end = left.pop(0) if len(left) > 1 else left[0]
        if end:
            raise end

    world.give_up = give_up
    return answers_then


def messages(lines: Callable[[], list[dict[str, Any]]]) -> str:
    return "\n".join(line["message"] for line in lines())


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_it_is_undone_once_and_before_the_answer(world: World, request_type: str) -> None:
    world.converge = outcomes(Failed(Reason.CallRefused, "No room."))
    tries = undoing(world, None)

    world.handle(world.event(request_type))

    assert tries == [0]
    assert world.answers.only["Reason"].startswith("[CallRefused] No room.")


DATED = signed_url().replace("X-Amz-Date=20261124T120000Z", "X-Amz-Date={}")
HANDED_ON = {"version": 1, "hops": 3, "first_seen": SIGNED, "told_at": SIGNED, "waits": {}}
MADE_UP: dict[str, dict[str, Any]] = {
    "a short time": {"ResourceProperties": {"VpcId": "vpc-1", "ServiceTimeout": "1"}},
    "an old date": {"ResponseURL": DATED.format("20200101T120000Z")},
    "a date that is over soon": {"ResponseURL": DATED.format("20261124T110205Z")},
    "too many hops": {"cfn-mlflow": {**HANDED_ON, "hops": 1000}},
    "a look long ago": {"cfn-mlflow": {**HANDED_ON, "first_seen": 0}},
    "a look whose time is over soon": {"cfn-mlflow": {**HANDED_ON, "first_seen": SIGNED - 3475}},
    "too many words": {"More": "x" * 1024 * 1024},
}


@pytest.mark.parametrize("name", MADE_UP)
def test_what_is_under_way_is_not_undone_for_a_copy_that_says_its_time_is_over(
    world: World, name: str
) -> None:
    told = json.dumps({"ServiceToken": FUNCTION_ARN, "VpcId": "vpc-1"})
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], told=told)
    world.converge = outcomes(Waiting({"a": "b"}))
    tries = undoing(world, None)
    asked = {"ServiceToken": FUNCTION_ARN, "VpcId": "vpc-1"}

    world.handle(world.event("Update", **{"ResourceProperties": asked, **MADE_UP[name]}))

    assert tries == []
    assert world.answers.only["Status"] == "FAILED"


def test_a_request_whose_time_is_over_by_cloudformations_clock_is_undone(world: World) -> None:
    world.time.at, world.timeout = SIGNED + 3470, 300
    world.converge = outcomes(Waiting({"a": "b"}))
    tries = undoing(world, None)
    carried = {**HANDED_ON, "first_seen": SIGNED + 1}

    world.handle({**world.event("Update"), "cfn-mlflow": carried})

    assert tries == [0]
    assert world.answers.only["Reason"].startswith(Reason.TimedOut.prefix)


def test_nothing_is_undone_after_a_success_or_for_a_delete(world: World) -> None:
    tries = undoing(world, None)
    world.converge, world.remove = (
        outcomes(Done({})),
        outcomes(Failed(Reason.CallRefused, "It stays.")),
    )

    world.handle(world.event("Update"))
    world.handle(world.event("Delete"))

    assert tries == []


def test_what_aws_does_not_take_now_is_tried_again(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.converge = outcomes(Failed(Reason.CallRefused, "No room."))
    tries = undoing(world, *[TemporaryError("AWS asks to slow down")] * 5, None)

    world.handle(world.event("Update"))

    assert tries == [0] * 6
    assert NOT_PUT_BACK not in messages(lines)


@pytest.mark.parametrize("timeout", [900, 30])
def test_given_it_is_never_taken_then_the_answer_goes_out_soon_and_the_log_tells(
    world: World, lines: Callable[[], list[dict[str, Any]]], timeout: float
) -> None:
    world.timeout = timeout
    world.converge = outcomes(Failed(Reason.CallRefused, "No room."))
    tries = undoing(world, TemporaryError("clone: creating"))
    begun = world.time.at

    world.handle(world.event("Update"))

    assert len(tries) > 3
    assert world.time.at - begun <= min(60, timeout - 10)
    assert world.answers.only["Reason"].startswith("[CallRefused] No room.")
    assert f"{NOT_PUT_BACK}: clone: creating" in messages(lines)


def test_given_an_error_that_nobody_foresaw_then_the_first_reason_is_answered(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.converge = outcomes(Failed(Reason.CallRefused, "No room."))
    undoing(world, RuntimeError("surprise"))

    world.handle(world.event("Update"))

    assert world.answers.only["Reason"].startswith("[CallRefused] No room.")
    assert NOT_PUT_BACK in messages(lines)


def test_given_a_later_request_is_at_work_then_nothing_of_it_is_undone(world: World) -> None:
    # The look's guard is passed; before the undoing the stack has gone on.
    world.stack = FakeStack(
        [state("UPDATE_IN_PROGRESS"), state("UPDATE_IN_PROGRESS"), state("UPDATE_COMPLETE")]
    )
    world.converge = outcomes(Waiting({"a": "b"}), Failed(Reason.CallRefused, "No room."))
    tries = undoing(world, None)

    world.handle(world.event("Update"))

    assert tries == []
