from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.outcome import Done, PermanentError, TemporaryError, Waiting
from tests.protocol_kit import SIGNED, FakeStack, LookedError, World, outcomes, state

Lines = Callable[[], list[dict[str, Any]]]


def in_turn(world: World, *states: Any) -> FakeStack:
    world.stack = FakeStack(list(states))
    return world.stack


@pytest.mark.parametrize(
    ("request_type", "status"),
    [
        ("Create", "CREATE_FAILED"),
        ("Create", "CREATE_COMPLETE"),
        ("Create", "DELETE_IN_PROGRESS"),
        ("Create", "DELETE_COMPLETE"),
        ("Create", "UPDATE_IN_PROGRESS"),
        ("Update", "UPDATE_FAILED"),
        ("Update", "UPDATE_COMPLETE"),
        ("Update", "DELETE_IN_PROGRESS"),
    ],
)
def test_a_request_that_cloudformation_has_left_ends_without_a_look_or_an_answer(
    world: World, lines: Lines, request_type: str, status: str
) -> None:
    in_turn(world, state(status))
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event(request_type))

    assert world.answers.bodies == []
    said = [line["message"] for line in lines() if "Ends without an answer" in line["message"]]
    assert said == [f"Ends without an answer: the resource is {status}"]


def test_a_request_whose_stack_is_gone_ends_without_a_look(world: World) -> None:
    in_turn(world, None)
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event())

    assert world.answers.bodies == []


def test_a_create_that_is_cancelled_while_it_waits_looks_no_more(world: World) -> None:
    going_on, cancelled = state("CREATE_IN_PROGRESS"), state("DELETE_IN_PROGRESS")
    in_turn(world, going_on, going_on, cancelled)
    waiting = Waiting({"cluster": "creating"})
    world.converge = outcomes(waiting, waiting, LookedError("a third look"))

    world.handle(world.event())

    assert world.answers.bodies == []


def test_an_update_ends_when_the_update_that_rolls_it_back_has_begun(world: World) -> None:
    in_turn(world, state("UPDATE_IN_PROGRESS"), state("UPDATE_IN_PROGRESS", SIGNED + 60))
    world.converge = outcomes(Waiting({"a": "b"}), LookedError("pulled against the rollback"))

    world.handle(world.event("Update"))

    assert world.answers.bodies == []


def test_the_update_that_rolls_back_is_served_like_any(world: World) -> None:
    in_turn(world, state("UPDATE_IN_PROGRESS", SIGNED))

    world.handle(world.event("Update"))

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize("since", [SIGNED - 3600, SIGNED + 14, None])
def test_a_status_about_as_old_as_the_request_is_its_own(world: World, since: float | None) -> None:
    in_turn(world, state("CREATE_IN_PROGRESS", since))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_without_a_date_in_the_url_the_status_alone_decides(world: World) -> None:
    in_turn(world, state("CREATE_IN_PROGRESS", SIGNED + 5000))

    world.handle(world.event(ResponseURL=f"https://localhost:{world.answers.port}/answer"))

    assert world.answers.only["Status"] == "SUCCESS"


def test_a_fence_that_is_throttled_holds_the_change_until_it_can_say(world: World) -> None:
    throttled = TemporaryError("AWS asks to slow down (Throttling)")
    stack = in_turn(world, throttled, throttled, state("DELETE_IN_PROGRESS"))
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event())

    assert stack.asked == 3
    assert world.answers.bodies == []


def test_a_fence_that_is_not_allowed_is_told_once_and_gone_on_without(
    world: World, lines: Lines
) -> None:
    stack = in_turn(world, PermanentError("DescribeStackResource is not allowed: no policy"))
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"
    assert stack.asked == 1
    assert [line["message"] for line in lines() if line["level"] == "WARNING"] == [
        "Goes on without asking whether the request still stands: "
        "DescribeStackResource is not allowed: no policy"
    ]


def test_one_question_is_asked_for_each_look_of_a_create(world: World) -> None:
    stack = in_turn(world, state("CREATE_IN_PROGRESS"))
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.handle(world.event())

    assert stack.asked == 3


@pytest.mark.parametrize(
    "said",
    [
        state("DELETE_IN_PROGRESS"),
        state("CREATE_COMPLETE"),
        state("UPDATE_COMPLETE", SIGNED),
        state("CREATE_FAILED", SIGNED + 600),
        state("CREATE_COMPLETE", None),
        None,
        TemporaryError("throttled"),
        PermanentError("denied"),
    ],
)
def test_a_delete_goes_on_whatever_is_said_but_proof_of_new_life(world: World, said: Any) -> None:
    stack = in_turn(world, said)
    world.remove = outcomes(Waiting({"a": "b"}), Waiting({"a": "c"}), Done({}))

    world.handle(world.event("Delete"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert stack.asked == 1


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_COMPLETE"])
def test_an_old_delete_delivered_again_does_not_touch_what_lives_since(
    world: World, status: str
) -> None:
    in_turn(world, state(status, SIGNED + 600))
    world.remove = outcomes(LookedError("removed the living"))

    world.handle(world.event("Delete"))

    assert world.answers.bodies == []
