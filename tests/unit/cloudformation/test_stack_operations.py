"""Every kind of stack operation passes, as CloudFormation's events tell it; nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.outcome import Done
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    SIGNED,
    FakeStack,
    LookedError,
    World,
    outcomes,
    state,
)
from tests.support.cloudformation.stack_histories import (
    CREATED,
    FIRST,
    OPERATIONS,
    SECOND,
    THIRD,
    UPDATE,
    WAY_BACK,
    History,
    Properties,
    own,
    stack,
)

Lines = Callable[[], list[dict[str, Any]]]

CHANGES = [name for name, one in OPERATIONS.items() if one.request_type != "Delete"]
DELETIONS = [name for name, one in OPERATIONS.items() if one.request_type == "Delete"]
LOSES_DATA = ("SkipFinalSnapshot",)


def deliver(world: World, history: History, asked: Properties | None = None) -> None:
    """Let the request come, with these properties if not with its own."""
    status = f"{history.request_type.upper()}_IN_PROGRESS"
    world.stack = FakeStack(
        [state(status)], history.newest_first, told="null", stack_id=history.stack_id
    )
    world.loses_data = LOSES_DATA
    changes: dict[str, Any] = {"StackId": history.stack_id, "ResourceProperties": asked}
    if history.request_type != "Create":
        changes["PhysicalResourceId"] = history.physical_id
    world.handle(world.event(history.request_type, **changes))


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_request_of_every_operation_is_served_with_the_properties_it_came_with(
    world: World, name: str
) -> None:
    history = OPERATIONS[name]

    deliver(world, history, {"ServiceToken": "arn:...", **history.asked})

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["PhysicalResourceId"] == history.physical_id
    assert world.seen[-1].properties == history.asked


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (name, asked)
        for name in CHANGES
        for asked in (FIRST, SECOND, THIRD, {}, {**FIRST, "More": "1"})
        if asked != OPERATIONS[name].asked
    ],
)
def test_a_change_with_other_properties_changes_nothing_and_is_answered_so(
    world: World, name: str, asked: Properties
) -> None:
    history = OPERATIONS[name]
    world.converge = outcomes(LookedError("changed something"))

    deliver(world, history, asked)

    assert world.answers.only["Status"] == "FAILED"
    assert "does not confirm this request: the stack's event" in world.answers.only["Reason"]


@pytest.mark.parametrize("name", DELETIONS)
def test_a_delete_loses_no_data_unless_the_events_show_that_it_may(
    world: World, lines: Lines, name: str
) -> None:
    deliver(world, OPERATIONS[name], {**OPERATIONS[name].asked, "SkipFinalSnapshot": "true"})

    assert world.answers.only["Status"] == "SUCCESS"
    assert "SkipFinalSnapshot" not in world.seen[-1].properties
    assert [line["message"] for line in lines() if line["level"] == "WARNING"] == [
        "Data is kept, because CloudFormation's events do not show these properties: "
        "SkipFinalSnapshot"
    ]


@pytest.mark.parametrize("told", [None, {**FIRST, "SkipFinalSnapshot": "****"}])
def test_a_delete_that_no_event_shows_whole_keeps_the_data(
    world: World, told: Properties | None
) -> None:
    events = [stack("DELETE_IN_PROGRESS"), own("DELETE_IN_PROGRESS", told)]

    deliver(world, History("Delete", events), {**FIRST, "SkipFinalSnapshot": "true"})

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.seen[-1].properties == {"VpcId": "vpc-1", "Tags": {"team": "a"}}


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@pytest.mark.parametrize("told", ["absent", "null", "[]", "not JSON", '{"VpcId": "vpc-1", "Ta'])
def test_a_change_whose_properties_no_event_shows_is_answered_so(
    world: World, request_type: str, told: str
) -> None:
    world.stack = FakeStack([state(f"{request_type.upper()}_IN_PROGRESS")], told=told)
    world.converge = outcomes(LookedError("changed something"))

    world.handle(world.event(request_type))

    assert "no event of the stack shows its properties" in world.answers.only["Reason"]


def test_a_rollback_whose_older_events_are_gone_changes_nothing_and_says_what_to_do(
    world: World,
) -> None:
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], WAY_BACK[::-1], told="null")
    world.converge = outcomes(LookedError("changed something"))

    world.handle(world.event("Update", ResourceProperties=FIRST))

    assert (
        "If its stack rolls back, skip it: aws cloudformation continue-update-rollback"
        " --stack-name tracking --resources-to-skip MLflow"
    ) in world.answers.only["Reason"]


def test_events_that_are_told_late_are_waited_for(world: World) -> None:
    told = FakeStack([state("UPDATE_IN_PROGRESS")], CREATED[::-1], told="null")
    world.stack = told

    def sleep(seconds: float) -> None:
        world.time.at += seconds
        told.events_told = UPDATE[::-1]

    world.time.sleep = sleep  # type: ignore[method-assign] # time in which events come

    world.handle(world.event("Update", ResourceProperties=SECOND))

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "CREATE_COMPLETE"])
def test_the_delete_of_a_former_physical_id_leaves_the_living_resource_alone(
    world: World, status: str
) -> None:
    living = state(status)
    events = [
        *UPDATE,
        own("UPDATE_COMPLETE", SECOND),
        stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        own("DELETE_IN_PROGRESS", physical_id="former"),
    ]
    world.stack = FakeStack([living], events[::-1], told="null")
    world.remove = outcomes(LookedError("removed the living"))

    world.handle(world.event("Delete", PhysicalResourceId="former"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["PhysicalResourceId"] == "former"


@pytest.mark.parametrize("former", ["former", "never there", IDENTITY.physical_id])
def test_the_delete_of_an_id_that_is_not_being_deleted_is_not_answered(
    world: World, former: str
) -> None:
    events = [own("DELETE_COMPLETE", FIRST, "former"), *UPDATE, own("UPDATE_COMPLETE", SECOND)]
    world.stack = FakeStack([state("UPDATE_COMPLETE")], events, told="null")
    world.remove = outcomes(LookedError("removed the living"))

    world.handle(world.event("Delete", PhysicalResourceId=former))

    assert world.answers.bodies == []


def test_a_request_that_is_handed_on_is_confirmed_anew_in_each_invocation(world: World) -> None:
    told = FakeStack([state("UPDATE_IN_PROGRESS")])
    world.stack, world.timeout = told, 4
    world.converge = outcomes(Done({}))
    world.handle(world.event("Update"))
    assert told.asked_for_events == 1
    told.told = json.dumps(THIRD)
    world.converge = outcomes(LookedError("changed something"))

    carried = {"version": 1, "hops": 3, "first_seen": SIGNED, "told_at": SIGNED, "waits": {}}
    world.timeout = 900
    world.handle({**world.event("Update"), "cfn-mlflow": carried})

    assert [answer["Status"] for answer in world.answers.all] == ["SUCCESS", "FAILED"]
