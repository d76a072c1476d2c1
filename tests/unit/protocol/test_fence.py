from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting
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


@pytest.mark.parametrize("end", [SIGNED + 3, SIGNED + 50])
def test_an_update_ends_when_the_update_that_rolls_it_back_has_begun(
    world: World, end: float
) -> None:
    began, rolled_back = state("UPDATE_IN_PROGRESS"), state("UPDATE_IN_PROGRESS", SIGNED + 60)
    stack = in_turn(world, began, rolled_back)
    stack.events = [rolled_back, state("UPDATE_FAILED", end), began]
    world.converge = outcomes(Waiting({"a": "b"}), LookedError("pulled against the rollback"))

    world.handle(world.event("Update"))

    assert world.answers.bodies == []


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_request_whose_status_is_stamped_anew_while_it_is_open_goes_on(
    world: World, request_type: str
) -> None:
    status = f"{request_type.upper()}_IN_PROGRESS"
    began, stamped_anew = state(status), state(status, SIGNED + 60)
    stack = in_turn(world, began, stamped_anew)
    stack.events = [stamped_anew, began]
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.handle(world.event(request_type))

    assert world.answers.only["Status"] == "SUCCESS"


def test_a_false_alarm_does_not_blind_the_fence_to_a_later_end(world: World) -> None:
    stack = in_turn(world, state("UPDATE_IN_PROGRESS", SIGNED + 60))

    def only_look() -> Outcome:
        if stack.events:
            raise LookedError("a second look")
        stack.events = [state("UPDATE_FAILED", SIGNED + 70)]
        return Waiting({"a": "b"})

    world.converge = only_look

    world.handle(world.event("Update"))

    assert stack.asked_for_events == 2
    assert world.answers.bodies == []


def test_the_end_of_the_request_before_is_not_taken_for_this_ones(world: World) -> None:
    stack = in_turn(world, state("UPDATE_IN_PROGRESS", SIGNED + 60))
    stack.events = [
        state("UPDATE_IN_PROGRESS", SIGNED + 60),
        state("UPDATE_IN_PROGRESS", SIGNED + 0.9),
        state("UPDATE_FAILED", SIGNED + 0.2),
        state("UPDATE_IN_PROGRESS", SIGNED - 600),
        state("CREATE_COMPLETE", SIGNED - 900),
    ]

    world.handle(world.event("Update"))

    assert world.answers.only["Status"] == "SUCCESS"


def test_while_nothing_is_suspicious_no_events_are_asked_for(world: World) -> None:
    stack = in_turn(world, state("CREATE_IN_PROGRESS", SIGNED + 14))
    world.converge = outcomes(Waiting({"a": "b"}), Done({}))

    world.handle(world.event())

    assert (stack.asked, stack.asked_for_events) == (2, 0)


def test_events_that_are_throttled_hold_a_suspicious_change_until_they_can_be_told(
    world: World,
) -> None:
    stack = in_turn(
        world,
        *[state("UPDATE_IN_PROGRESS", SIGNED + 60)] * 2,
        state("UPDATE_COMPLETE"),
    )
    stack.events = TemporaryError("AWS asks to slow down (Throttling)")
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event("Update"))

    assert (stack.asked, stack.asked_for_events) == (3, 2)
    assert world.answers.bodies == []


def test_events_that_are_not_allowed_are_told_once_and_the_status_is_still_watched(
    world: World, lines: Lines
) -> None:
    suspicious = state("UPDATE_IN_PROGRESS", SIGNED + 60)
    stack = in_turn(world, suspicious, suspicious, state("DELETE_IN_PROGRESS"))
    stack.events = PermanentError("DescribeStackEvents is not allowed: no policy")
    waiting = Waiting({"a": "b"})
    world.converge = outcomes(waiting, waiting, LookedError("a third look"))

    world.handle(world.event("Update"))

    assert (stack.asked, stack.asked_for_events) == (3, 1)
    assert world.answers.bodies == []
    assert [line["message"] for line in lines() if line["level"] == "WARNING"] == [
        "Goes on without asking for the request's end: "
        "DescribeStackEvents is not allowed: no policy"
    ]


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
    stack = in_turn(world, state("CREATE_IN_PROGRESS", SIGNED + 5000))
    stack.events = [state("CREATE_COMPLETE", SIGNED + 4000)]

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
    stack = in_turn(world, state(status, SIGNED + 600))
    stack.events = [
        state(status, SIGNED + 600),
        state("DELETE_COMPLETE", SIGNED + 5),
        state("DELETE_IN_PROGRESS"),
    ]
    world.remove = outcomes(LookedError("removed the living"))

    world.handle(world.event("Delete"))

    assert world.answers.bodies == []


@pytest.mark.parametrize(
    "events",
    [
        [],
        [state("DELETE_IN_PROGRESS", SIGNED + 1), state("CREATE_FAILED", SIGNED + 0.5)],
        TemporaryError("throttled"),
        PermanentError("denied"),
    ],
)
def test_a_delete_whose_end_is_not_proven_goes_on_though_the_resource_looks_alive(
    world: World, events: Any
) -> None:
    stack = in_turn(world, state("CREATE_IN_PROGRESS", SIGNED + 600))
    stack.events = events

    world.handle(world.event("Delete"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert stack.asked_for_events == 1
