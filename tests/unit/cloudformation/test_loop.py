"""The loop of one invocation: how often it looks, what ends it, which errors may pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.cloudformation.serve import UnfinishedError
from cfn_mlflow.outcome import (
    Cause,
    Done,
    InvalidProperties,
    PermanentError,
    TemporaryError,
    Waiting,
)
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    LOG_STREAM,
    SECRET,
    LookedError,
    World,
    outcomes,
)


def test_a_request_waits_in_its_invocation_until_it_is_done(world: World) -> None:
    world.converge = outcomes(Waiting({"cluster": "creating"}), Waiting({}), Done({"Id": "c"}))

    world.handle(world.event())

    assert world.answers.only["Data"] == {"Id": "c"}
    assert len(world.time.slept) == 2
    assert world.functions.payloads == []


def test_looks_come_every_2_to_10_seconds_and_quickly_after_a_change(world: World) -> None:
    still = [Waiting({"cluster": "creating"})] * 7
    world.converge = outcomes(*still, Waiting({"cluster": "available"}), Done({}))

    world.handle(world.event())

    assert world.time.slept[0] == 2
    assert world.time.slept[:7] == sorted(world.time.slept[:7])
    assert max(world.time.slept) == 10
    assert world.time.slept[7] == 2


def test_nothing_is_undone_for_an_invalid_property(world: World) -> None:
    def prepare(*_: object) -> Any:
        raise InvalidProperties([Cause(Reason.InvalidProperty, "Engin: unknown")])

    def give_up(*_: object) -> None:
        raise LookedError("undid something")

    world.prepare, world.give_up = prepare, give_up

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"


def test_every_fault_of_the_properties_is_in_the_log_even_if_the_answer_has_no_room(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    faults = [f"Property{number}: " + "wrong " * 20 for number in range(19)]

    def prepare(*_: object) -> Any:
        raise InvalidProperties([Cause(Reason.InvalidProperty, each) for each in faults])

    world.prepare = prepare

    world.handle(world.event())

    assert "and 5 more, see the log (log stream" in world.answers.only["Reason"]
    assert [line["faults"] for line in lines() if "faults" in line] == [faults]


def test_a_permanent_error_of_a_look_is_its_failure(world: World) -> None:
    world.converge = outcomes(
        Waiting({"a": "b"}), PermanentError(Reason.CallRefused, "No such key. Make one.")
    )

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["Reason"].startswith("[CallRefused] No such key. Make one.")


def test_a_temporary_error_is_looked_at_again_and_forgets_nothing_waited_for(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    waiting = Waiting({"cluster": "creating"})
    throttled = TemporaryError("AWS asks to slow down (Throttling)")
    world.converge = outcomes(waiting, throttled, waiting, Done({}))

    world.handle(world.event())

    told = [line["message"] for line in lines()]
    assert "another try: AWS asks to slow down (Throttling), 0 s" in told
    assert told.count("cluster: creating, 0 s") == 1
    assert world.answers.only["Status"] == "SUCCESS"


def test_an_unexpected_error_may_pass_twice(world: World) -> None:
    world.converge = outcomes(KeyError("x"), ValueError("y"), Done({}))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_unexpected_errors_count_only_in_a_row(world: World) -> None:
    error, waiting = KeyError("x"), Waiting({"a": "b"})
    world.converge = outcomes(error, error, waiting, error, error, waiting, error, Done({}))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_three_unexpected_errors_fail_by_type_and_keep_their_text_to_the_log(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.converge = outcomes(ValueError("password=hunter2"))

    world.handle(world.event())

    reason = world.answers.only["Reason"]
    assert world.answers.only["Status"] == "FAILED"
    assert "ValueError" in reason
    assert LOG_STREAM in reason
    assert "hunter2" not in reason
    assert "Traceback" not in reason
    assert [line for line in lines() if "ValueError" in line.get("exception", "")]


def test_an_unexpected_error_while_preparing_fails_after_three_tries(world: World) -> None:
    def prepare(*_: object) -> Any:
        tries.append("")
        raise RuntimeError(SECRET)

    tries: list[str] = []
    world.prepare = prepare

    world.handle(world.event())

    assert len(tries) == 3
    assert "RuntimeError" in world.answers.only["Reason"]
    assert SECRET not in world.answers.only["Reason"]


def test_a_hand_off_that_lambda_never_takes_is_an_error_of_the_invocation(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    world.functions.errors = [TemporaryError("throttled")] * 3

    with pytest.raises(UnfinishedError):
        world.handle(world.event())

    assert world.answers.bodies == []


def test_a_hand_off_that_is_not_allowed_is_a_failure_that_says_so(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    world.functions.errors = [
        PermanentError(Reason.AccessDenied, "Invoke is not allowed: no policy")
    ]

    world.handle(world.event())

    assert world.answers.only["Reason"].startswith(Reason.HandOffFailed.prefix)
    assert "Invoke is not allowed: no policy" in world.answers.only["Reason"]
