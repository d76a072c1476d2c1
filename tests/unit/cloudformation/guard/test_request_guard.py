from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.cloudformation.guard.request_guard import PATIENCE
from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    SIGNED,
    FakeStack,
    LookedError,
    State,
    World,
    outcomes,
    signed_url,
    state,
)
from tests.support.cloudformation.stack_histories import FAILED_UPDATE, SECOND, UPDATE, WAY_BACK

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
    stack.events_told = [rolled_back, state("UPDATE_FAILED", end), began]
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
    stack.events_told = [stamped_anew, began]
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.handle(world.event(request_type))

    assert world.answers.only["Status"] == "SUCCESS"


def test_a_false_alarm_does_not_blind_the_guard_to_a_later_end(world: World) -> None:
    stack = in_turn(world, state("UPDATE_IN_PROGRESS", SIGNED + 60))

    def only_look() -> Outcome:
        if stack.events_told:
            raise LookedError("a second look")
        stack.events_told = [state("UPDATE_FAILED", SIGNED + 70)]
        return Waiting({"a": "b"})

    world.converge = only_look

    world.handle(world.event("Update"))

    assert stack.asked_for_events == 3
    assert world.answers.bodies == []


def test_the_end_of_the_request_before_is_not_taken_for_this_ones(world: World) -> None:
    stack = in_turn(world, state("UPDATE_IN_PROGRESS", SIGNED + 60))
    stack.events_told = [
        state("UPDATE_IN_PROGRESS", SIGNED + 60),
        state("UPDATE_IN_PROGRESS", SIGNED + 0.9),
        state("UPDATE_FAILED", SIGNED + 0.2),
        state("UPDATE_IN_PROGRESS", SIGNED - 600),
        state("CREATE_COMPLETE", SIGNED - 900),
    ]

    world.handle(world.event("Update"))

    assert world.answers.only["Status"] == "SUCCESS"


def test_while_nothing_is_suspicious_events_are_asked_for_once(world: World) -> None:
    stack = in_turn(world, state("CREATE_IN_PROGRESS", SIGNED + 14))
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.handle(world.event())

    assert (stack.asked, stack.asked_for_events) == (3, 1)


def test_events_that_are_throttled_hold_a_suspicious_change_until_they_can_be_told(
    world: World,
) -> None:
    stack = in_turn(
        world,
        *[state("UPDATE_IN_PROGRESS", SIGNED + 60)] * 2,
        state("DELETE_IN_PROGRESS"),
    )
    stack.events_told = TemporaryError("AWS asks to slow down (Throttling)")
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event("Update"))

    assert (stack.asked, stack.asked_for_events) == (3, 2)
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


FORGED_DATES = ["X-Amz-Date=20991124T120000Z", "Expires=99999999999", "Signature=i83yhDz11gTyT4A"]


@pytest.mark.parametrize("date", FORGED_DATES)
def test_an_address_of_no_date_or_a_later_one_counts_from_when_it_was_first_seen(
    world: World, date: str
) -> None:
    stack = in_turn(world, state("UPDATE_IN_PROGRESS", SIGNED + 60))
    stack.events_told = [state("UPDATE_FAILED", SIGNED + 50)]
    world.converge = outcomes(LookedError("pulled against the rollback"))

    world.handle(world.event("Update", ResponseURL=f"{signed_url().partition('?')[0]}?{date}"))

    assert world.answers.bodies == []


def test_a_status_of_another_time_is_confirmed_anew(world: World) -> None:
    """Whatever its address says: a copy must not work on while the update is rolled back."""
    stack = in_turn(
        world, state("UPDATE_IN_PROGRESS", SIGNED - 9), state("UPDATE_IN_PROGRESS", SIGNED + 1)
    )
    stack.told = "null"
    stack.events_told = UPDATE[::-1]
    looks: list[str] = []

    def only_look() -> Outcome:
        assert not looks
        looks.append("looked")
        stack.events_told = [*WAY_BACK[::-1], *FAILED_UPDATE[::-1]]
        return Waiting({"a": "b"})

    world.converge = only_look

    world.handle(world.event("Update", ResourceProperties=SECOND))

    assert "does not confirm this request" in world.answers.only["Reason"]


def test_a_guard_that_is_throttled_holds_the_change_until_it_can_say(world: World) -> None:
    throttled = TemporaryError("AWS asks to slow down (Throttling)")
    stack = in_turn(world, throttled, throttled, state("DELETE_IN_PROGRESS"))
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event())

    assert stack.asked == 3
    assert world.answers.bodies == []


@pytest.mark.parametrize(
    ("request_type", "question"),
    [
        *[(request_type, "state") for request_type in ("Create", "Update", "Delete")],
        *[(request_type, "events") for request_type in ("Create", "Update")],
    ],
)
def test_a_provider_that_may_not_ask_changes_nothing_and_says_so(
    world: World, lines: Lines, request_type: str, question: str
) -> None:
    denied = PermanentError(Reason.CallRefused, "DescribeStackResource is not allowed: no policy")
    stack = in_turn(world, denied if question == "state" else in_progress(request_type))
    if question == "events":
        stack.events_told = denied
    world.converge = world.remove = outcomes(LookedError("looked"))
    world.give_up = not_to_be_called

    world.handle(world.event(request_type))

    said = f"CloudFormation does not confirm this request: {denied}. Nothing was changed for it"
    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["Reason"].startswith(f"{Reason.RequestNotConfirmed.prefix}{said}")
    logged = [line["message"] for line in lines() if line["level"] == "ERROR"]
    assert any(said in line for line in logged)


@pytest.mark.parametrize("since", [SIGNED - 1, SIGNED + 60])
@pytest.mark.parametrize(
    "error", [PermanentError(Reason.CallRefused, "not allowed"), RuntimeError("not parsed")]
)
def test_a_delete_whose_events_cannot_be_read_succeeds_and_keeps_the_data(
    world: World, lines: Lines, error: Exception, since: float
) -> None:
    stack = in_turn(world, state("DELETE_IN_PROGRESS", since))
    stack.events_told = error
    world.loses_data = ("SkipFinalSnapshot",)

    world.handle(world.event("Delete", ResourceProperties={"SkipFinalSnapshot": "true"}))

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.seen[-1].properties == {}
    why = "not allowed" if isinstance(error, PermanentError) else "RuntimeError"
    assert f"CloudFormation's events cannot be read: {why}" in said_by(lines)


def not_to_be_called(*_: object) -> None:
    raise LookedError("undid something")


def in_progress(request_type: str) -> State:
    return state(f"{request_type.upper()}_IN_PROGRESS")


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_events_that_cannot_be_told_now_hold_the_first_look(
    world: World, request_type: str
) -> None:
    ended = state("CREATE_FAILED" if request_type == "Create" else "DELETE_COMPLETE")
    stack = in_turn(world, *[in_progress(request_type)] * 3, ended)
    stack.events_told = TemporaryError("AWS asks to slow down (Throttling)")
    world.converge = world.remove = outcomes(LookedError("looked"))

    world.handle(world.event(request_type))

    assert (stack.asked, stack.asked_for_events) == (4, 3)
    assert world.answers.bodies == []


def test_one_question_is_asked_for_each_look_of_a_create(world: World) -> None:
    stack = in_turn(world, state("CREATE_IN_PROGRESS"))
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.handle(world.event())

    assert stack.asked == 3


def test_a_delete_is_asked_about_before_each_look_too(world: World) -> None:
    stack = in_turn(world, state("DELETE_IN_PROGRESS"))
    world.remove = outcomes(Waiting({"a": "b"}), Waiting({"a": "c"}), Done({}))

    world.handle(world.event("Delete"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert (stack.asked, stack.asked_for_events) == (3, 1)


@pytest.mark.parametrize(
    "status",
    [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
    ],
)
@pytest.mark.parametrize("signature", ["X-Amz-Date=20261124T120000Z", "Expires=1795528800", ""])
def test_a_delete_never_touches_what_is_not_being_deleted(
    world: World, lines: Lines, status: str, signature: str
) -> None:
    stack = in_turn(world, state(status))
    world.remove = outcomes(LookedError("removed the living"))
    address = signed_url().partition("?")[0]

    world.handle(world.event("Delete", ResponseURL=f"{address}?{signature}"))

    assert stack.asked == PATIENCE
    assert world.answers.bodies == []
    assert f"Ends without an answer: the resource is {status}" in said_by(lines)


@pytest.mark.parametrize("gone", [None, state("DELETE_COMPLETE"), state("DELETE_SKIPPED")])
def test_a_delete_of_what_is_not_being_deleted_any_more_ends_at_once(
    world: World, gone: Any
) -> None:
    """Even of what is gone: a resource that the stack retained is still there."""
    stack = in_turn(world, gone)
    world.remove = outcomes(LookedError("removed what is retained"))

    world.handle(world.event("Delete"))

    assert stack.asked == 1
    assert world.answers.bodies == []


LATE = [
    ("Create", None),
    ("Create", "DELETE_COMPLETE"),
    ("Create", "DELETE_SKIPPED"),
    ("Update", "CREATE_COMPLETE"),
    ("Update", "UPDATE_COMPLETE"),
    ("Update", "UPDATE_FAILED"),
    ("Delete", "CREATE_COMPLETE"),
    ("Delete", "CREATE_FAILED"),
    ("Delete", "DELETE_FAILED"),
]


@pytest.mark.parametrize("throttled", [0, PATIENCE])
@pytest.mark.parametrize(("request_type", "status"), LATE)
def test_status_that_comes_late_is_waited_for_however_often_aws_throttles(
    world: World, request_type: str, status: str | None, throttled: int
) -> None:
    before = state(status) if status else None
    throttling = TemporaryError("AWS asks to slow down (Throttling)")
    in_turn(world, *[throttling] * throttled, *[before] * (PATIENCE - 1), in_progress(request_type))

    world.handle(world.event(request_type))

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize(("request_type", "status"), LATE)
def test_a_status_that_never_comes_ends_a_request_without_a_look_or_an_answer(
    world: World, request_type: str, status: str | None
) -> None:
    stack = in_turn(world, state(status) if status else None)
    world.converge = world.remove = outcomes(LookedError("looked"))

    world.handle(world.event(request_type))

    assert (stack.asked, world.answers.bodies) == (PATIENCE, [])


@pytest.mark.parametrize(("request_type", "status"), LATE)
def test_a_request_that_was_handed_on_waits_for_no_status(
    world: World, request_type: str, status: str | None
) -> None:
    stack = in_turn(world, state(status) if status else None)
    carried = {"version": 1, "hops": 1, "first_seen": SIGNED, "told_at": SIGNED, "waits": {}}

    world.handle({**world.event(request_type), "cfn-mlflow": carried})

    assert (stack.asked, world.answers.bodies) == (1, [])


def test_throttled_looks_use_up_no_patience_with_events_that_come_late(world: World) -> None:
    throttling = TemporaryError("AWS asks to slow down (Throttling)")
    stack = in_turn(world, *[throttling] * PATIENCE, state("UPDATE_IN_PROGRESS"))
    stack.told = "null"
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        world.time.at += seconds
        slept.append(seconds)
        if len(slept) > PATIENCE:
            stack.events_told = UPDATE[::-1]

    world.time.sleep = sleep  # type: ignore[method-assign] # time in which events come

    world.handle(world.event("Update", ResourceProperties=SECOND))

    assert world.answers.only["Status"] == "SUCCESS"


def test_a_delete_that_a_repeated_one_has_followed_leaves_it_the_work(world: World) -> None:
    stack = in_turn(world, state("DELETE_IN_PROGRESS", SIGNED + 600))
    stack.events_told = [
        state("DELETE_IN_PROGRESS", SIGNED + 600),
        state("DELETE_FAILED", SIGNED + 500),
    ]
    world.remove = outcomes(LookedError("looked"))

    world.handle(world.event("Delete"))

    assert world.answers.bodies == []


def said_by(lines: Lines) -> list[str]:
    return [line["message"] for line in lines()]
