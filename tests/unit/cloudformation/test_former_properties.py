"""The properties that an Update changes are those of CloudFormation's events, never the event's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cloudformation.protocol_kit import FakeStack, State, World, state
from tests.support.cloudformation.stack_histories import (
    FIRST,
    OPERATIONS,
    SECOND,
    WAY_BACK,
    History,
    Properties,
    own,
    stack,
)

Lines = Callable[[], list[dict[str, Any]]]

UPDATES = [name for name, one in OPERATIONS.items() if one.request_type == "Update"]
NOT_TOLD = "No event of the stack shows the former properties: they do not count"


def old_properties(world: World, history: History, old: Properties) -> Properties | None:
    """Return the former properties that reach the type, if the request comes with these."""
    world.stack = FakeStack(
        [state("UPDATE_IN_PROGRESS")], history.newest_first, told="null", stack_id=history.stack_id
    )
    asked = {"ResourceProperties": history.asked, "OldResourceProperties": old}
    world.handle(world.event("Update", StackId=history.stack_id, **asked))
    assert world.answers.only["Status"] == "SUCCESS"
    return world.seen[-1].old_properties


def warnings(lines: Lines) -> list[str]:
    return [line["message"] for line in lines() if line["level"] == "WARNING"]


def told_before(told: str) -> History:
    """Return an update of what was made with the properties in this text."""
    begun = [stack("CREATE_IN_PROGRESS"), State("CREATE_IN_PROGRESS", 0, properties=told)]
    return History(
        "Update", [*begun, stack("UPDATE_IN_PROGRESS"), own("UPDATE_IN_PROGRESS", FIRST)]
    )


@pytest.mark.parametrize("name", UPDATES)
def test_the_true_former_properties_of_every_operation_reach_the_type_as_they_came(
    world: World, lines: Lines, name: str
) -> None:
    history = OPERATIONS[name]

    assert old_properties(world, history, history.former) == history.former
    assert warnings(lines) == []


@pytest.mark.parametrize(
    "made_up", [{}, {"VpcId": "vpc-9"}, {"SkipFinalSnapshot": "true", "UniqueName": "theirs"}]
)
@pytest.mark.parametrize("name", UPDATES)
def test_made_up_former_properties_give_way_to_those_of_the_events(
    world: World, lines: Lines, name: str, made_up: Properties
) -> None:
    history = OPERATIONS[name]

    assert old_properties(world, history, made_up) == history.former
    (told,) = warnings(lines)
    assert told.startswith("These former properties are taken from the stack's events: ")


def test_a_former_value_that_the_events_mask_or_spell_otherwise_is_taken_whole(
    world: World,
) -> None:
    former = {"City": "München", "Password": "secret", "Size": "8", "More": "true"}
    told = {"City": "M?nchen", "Password": "****", "Size": 8, "More": True}

    assert old_properties(world, told_before(json.dumps(told)), former) == former


def test_one_made_up_former_value_costs_no_other(world: World) -> None:
    told = {"City": "M?nchen", "UniqueName": "ours"}
    made_up = {"City": "München", "UniqueName": "theirs"}

    believed = old_properties(world, told_before(json.dumps(told)), made_up)

    assert believed == {"City": "München", "UniqueName": "ours"}


OLDER_EVENTS_ARE_GONE = {
    "an update": (SECOND, [stack("UPDATE_IN_PROGRESS"), own("UPDATE_IN_PROGRESS", SECOND)]),
    "an update upon failed ones": (
        SECOND,
        [
            own("UPDATE_IN_PROGRESS", FIRST),
            own("UPDATE_FAILED", FIRST),
            stack("UPDATE_FAILED"),
            stack("UPDATE_IN_PROGRESS"),
            own("UPDATE_IN_PROGRESS", SECOND),
        ],
    ),
    "a way back of what no event tells": (
        FIRST,
        [own("CREATE_IN_PROGRESS", FIRST), stack("UPDATE_IN_PROGRESS"), *WAY_BACK],
    ),
}


@pytest.mark.parametrize("name", OLDER_EVENTS_ARE_GONE)
def test_former_properties_that_no_event_tells_are_unknown_whatever_the_request_says(
    world: World, lines: Lines, name: str
) -> None:
    asked, events = OLDER_EVENTS_ARE_GONE[name]

    assert old_properties(world, History("Update", events, asked), asked) is None
    assert NOT_TOLD in [line["message"] for line in lines()]


@pytest.mark.parametrize("told", ["null", "[]", "not JSON"])
def test_former_properties_that_cannot_be_read_are_unknown(world: World, told: str) -> None:
    assert old_properties(world, told_before(told), FIRST) is None
