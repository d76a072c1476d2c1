"""Fault cases of order and identity: what CloudFormation does to a request."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.outcome import Cause, Done, Failed, InvalidProperties, TemporaryError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    SIGNED,
    FakeStack,
    LookedError,
    World,
    outcomes,
    state,
)
from tests.support.cloudformation.stack_histories import FIRST, SECOND, own, stack

INVENTED = "tracking-MLflow-1A2B3C4D5E6F"
FOUND = Waiting({"database cluster": "deleting"})
NOTHING = Done({})


def test_b16_a_create_that_failed_before_it_made_anything_is_deleted_at_once(
    world: World,
) -> None:
    def prepare(*_: object) -> Any:
        raise InvalidProperties([Cause(Reason.InvalidProperty, "VpcId: missing")])

    world.prepare = prepare
    world.handle(world.event())
    failed = world.answers.only
    world.handle(world.event("Delete", PhysicalResourceId=failed["PhysicalResourceId"]))

    assert failed["Status"] == "FAILED"
    assert failed["PhysicalResourceId"] == IDENTITY.physical_id
    assert world.answers.all[1]["Status"] == "SUCCESS"
    assert world.time.slept == []


def test_b17_the_delete_after_a_create_that_failed_half_way_removes_what_was_made(
    world: World,
) -> None:
    world.converge = outcomes(
        Waiting({"a": "b"}), Failed(Reason.CallRefused, "The cluster failed.")
    )
    world.remove = outcomes(FOUND, FOUND, NOTHING)

    world.handle(world.event())
    world.handle(world.event("Delete", PhysicalResourceId=world.answers.only["PhysicalResourceId"]))

    assert [answer["Status"] for answer in world.answers.all] == ["FAILED", "SUCCESS"]
    assert world.answers.all[1]["Data"] == {}


def test_b18_a_delete_with_an_invented_id_removes_and_looks_twice_30_seconds_apart(
    world: World,
) -> None:
    begun = world.time.at
    world.remove = outcomes(NOTHING)

    world.handle(world.event("Delete", PhysicalResourceId=INVENTED))

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["PhysicalResourceId"] == INVENTED
    assert world.time.at - begun >= 30


def test_b18_what_turns_up_at_the_second_look_is_removed_and_looked_for_again(
    world: World,
) -> None:
    left = [NOTHING, FOUND, FOUND, NOTHING]
    cleaned: list[float] = []

    def removal() -> Any:
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if outcome is NOTHING:
            cleaned.append(world.time.at)
        return outcome

    world.remove = removal
    world.handle(world.event("Delete", PhysicalResourceId=INVENTED))

    assert world.answers.only["Status"] == "SUCCESS"
    assert left == [NOTHING]
    assert cleaned[-1] - cleaned[1] >= 30


def test_b18_a_look_that_failed_is_not_taken_for_one_that_found_nothing(world: World) -> None:
    world.remove = outcomes(TemporaryError("throttled"), FOUND, NOTHING)

    world.handle(world.event("Delete", PhysicalResourceId=INVENTED))

    assert world.answers.only["Status"] == "SUCCESS"
    assert sum(world.time.slept) >= 30


@pytest.mark.parametrize("timeout", [4, 9, 15, 30])
def test_b18_the_two_looks_may_be_in_two_invocations(world: World, timeout: int) -> None:
    world.timeout, world.remove = timeout, outcomes(NOTHING)
    begun = world.time.at

    world.deliver(world.event("Delete", PhysicalResourceId=INVENTED))

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.time.at - begun < 90


def test_b19_a_create_that_still_waits_when_its_delete_comes_makes_nothing_more(
    world: World,
) -> None:
    made: list[str] = []

    def converge() -> Any:
        made.append("a thing")
        return Waiting({"cluster": "creating"})

    world.stack = FakeStack([state("CREATE_IN_PROGRESS"), state("DELETE_IN_PROGRESS")])
    world.converge = converge

    world.handle(world.event())

    assert made == ["a thing"]
    assert world.answers.bodies == []
    assert world.functions.payloads == []


@pytest.mark.parametrize(
    "now", [None, state("DELETE_COMPLETE"), state("CREATE_IN_PROGRESS", SIGNED + 900)]
)
def test_b20_a_create_that_comes_after_its_delete_makes_nothing(world: World, now: Any) -> None:
    world.stack = FakeStack([now], events_told=[state("DELETE_COMPLETE", SIGNED + 300)])
    world.converge = outcomes(LookedError("made something"))

    world.handle(world.event())

    assert world.answers.bodies == []


def test_b20_an_update_that_comes_again_after_its_end_does_not_pull_against_the_next(
    world: World,
) -> None:
    """The first ended at once, within the seconds by which clocks may differ."""
    following = state("UPDATE_IN_PROGRESS", SIGNED + 1800)
    own = [state("UPDATE_COMPLETE", SIGNED + 3), state("UPDATE_IN_PROGRESS", SIGNED + 1)]
    world.stack = FakeStack([following], events_told=[following, *own])
    world.converge = outcomes(LookedError("pulled against the next"))

    world.handle(world.event("Update"))

    assert world.answers.bodies == []


@pytest.mark.parametrize("told", [Done({}), Failed(Reason.CallRefused, "No."), KeyError("x")])
def test_b21_no_answer_to_an_update_ever_carries_another_id(world: World, told: Any) -> None:
    world.converge = outcomes(told)

    world.handle(world.event("Update"))

    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id


def test_b22_the_update_that_takes_a_failed_one_back_is_converged_like_any(world: World) -> None:
    world.converge = outcomes(Failed(Reason.CallRefused, "No."), Done({}))
    forth = world.event("Update")
    back = world.event(
        "Update",
        ResourceProperties=forth["OldResourceProperties"],
        OldResourceProperties=forth["ResourceProperties"],
        RequestId="back",
    )

    world.handle(forth)
    world.handle(back)

    assert [answer["Status"] for answer in world.answers.all] == ["FAILED", "SUCCESS"]
    assert world.seen[1].properties == {"VpcId": "old"}


def test_b23_old_properties_of_any_shape_reach_the_type_as_they_came(world: World) -> None:
    retired = {**FIRST, "Retired": {"of": ["another"]}}
    begun = own("CREATE_IN_PROGRESS", retired)
    events = [begun, stack("UPDATE_IN_PROGRESS"), own("UPDATE_IN_PROGRESS", SECOND)]
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], events[::-1])

    asked = {"ResourceProperties": SECOND, "OldResourceProperties": retired}
    world.handle(world.event("Update", **asked))

    assert world.seen[0].old_properties == retired


def test_a_deadline_tells_what_is_waited_for_and_the_next_step(world: World) -> None:
    waits = {f"thing number {number}": "creating" for number in range(40)}
    world.remove = outcomes(Waiting(waits))

    world.deliver(world.event("Delete"))

    reason = world.answers.only["Reason"]
    assert "still waiting for thing number 0 (creating), thing number 1 (creating)" in reason
    assert "Delete again: the deletion continues where it stopped." in reason
    assert reason.startswith("[TimedOut] Not done after 5")
