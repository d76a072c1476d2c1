"""A graph: what needs what, in reading order."""

from __future__ import annotations

import pytest

from cfn_mlflow.engine.graph import Graph
from tests.support.engine.things import Old, Thing, World


def test_an_object_before_what_it_needs_is_refused() -> None:
    world = World()
    late = Thing(world, "late")
    with pytest.raises(ValueError, match="thing early needs thing late, which is not added yet"):
        Graph().add(Thing(world, "early", uses=late.output(lambda view: view.value)))


def test_an_object_needs_what_its_outputs_come_from_and_what_it_follows() -> None:
    world, graph = World(), Graph()
    one, two = graph.add(Thing(world, "one")), graph.add(Thing(world, "two"))
    user = graph.add(Thing(world, "user", uses=one.output(lambda view: view.value)), after=(two,))
    assert graph.needs(user) == (one, two)


def test_every_object_needs_what_begins_the_graph_and_is_not_built_on_it() -> None:
    world, graph = World(), Graph()
    claim = graph.begin(Thing(world, "claim"))
    one = graph.add(Thing(world, "one"))
    two = graph.add(Thing(world, "two"), after=(one,))
    assert graph.needs(two) == (claim, one)
    assert graph.built_on(two) == (one,)


def test_what_is_unwanted_comes_after_all_that_is_wanted() -> None:
    world, graph = World(), Graph()
    old = graph.without(Old(world, "old"))
    new = graph.add(Thing(world, "new"))
    assert list(graph.all()) == [new, old]
