"""Observe: the attributes of a graph as they stand, and nothing is written."""

from __future__ import annotations

import pytest

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.observe import AsItStands
from cfn_mlflow.outcome import Done, Waiting
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.engine.things import Item, Thing, World, explain


def graph(world: World) -> Graph:
    """Return a thing with another on it, which the attributes tell of, and one beside."""
    made = Graph()
    root = made.add(Thing(world, "root", "asked"))
    top = made.add(Thing(world, "top", part_of=root.output(lambda _: "root")))
    made.add(Thing(world, "beside"))
    made.give({"Top": top.output(lambda view: view.value), "Fixed": "f"})
    return made


def test_attributes_are_those_of_what_stands_and_nothing_is_written() -> None:
    world = World({"root": Item("us", "old"), "top": Item("us", "found")})
    assert AsItStands(graph(world), explain).step() == Done({"Top": "found", "Fixed": "f"})
    assert world.calls == ["read root", "read top"]


def test_what_is_busy_is_looked_at_again_and_what_was_read_is_not() -> None:
    world = World({"root": Item("us", "old"), "top": Item("us", "found")})
    world.fails["read top"] = ["busy"]
    observation = AsItStands(graph(world), explain)
    assert observation.step() == Waiting({"thing top": "busy"})
    assert isinstance(observation.step(), Done)
    assert world.calls == ["read root", "read top"]


@pytest.mark.parametrize("owner", ["nobody", "them"])
def test_what_is_not_there_or_is_anothers_gives_no_attribute(owner: str) -> None:
    world = World({"root": Item("us", "old")})
    if owner == "them":
        world.items["top"] = Item("them", "found")
    with failing(Reason.NotFound, match="thing top is not there"):
        AsItStands(graph(world), explain).step()
    assert world.writes == []
