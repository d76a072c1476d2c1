"""Give up: what must not outlast a failure is undone, whatever died and whatever else fails."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError, TemporaryError
from tests.support.engine.things import Item, Killed, Lent, World, explain
from tests.unit.engine.test_resource import converge, everything, users_world


def test_what_is_undone_is_undone_when_the_whole_fails_and_only_that() -> None:
    world = users_world()
    world.fails["create part"] = ["quota"]
    with pytest.raises(PermanentError, match="quota"):
        converge(everything(world, "1"))
    assert world.items["lent"].value == "ours"
    world.calls.clear()
    give_up(everything(world, "1"), explain)
    assert world.items["lent"] == Item("them", "theirs")
    assert world.writes == ["update lent"]


def test_one_that_cannot_be_undone_keeps_no_other_from_it() -> None:
    world = World({name: Item("them", "ours", mark="was theirs") for name in ("a", "b", "c")})
    world.fails = {"read a": ["busy"], "read c": ["quota"]}
    graph = Graph()
    for name in ("a", "b", "c"):
        graph.add(Lent(world, name, "ours"))
    with pytest.raises(PermanentError, match="thing c: quota"):
        give_up(graph, explain)
    assert world.items["b"] == Item("them", "theirs")
    world.fails["read a"] = ["busy"]
    with pytest.raises(TemporaryError, match="busy"):
        give_up(graph, explain)


@settings(max_examples=100)
@given(work=st.integers(1, 14), deaths=st.lists(st.integers(1, 3), max_size=4))
def test_any_failure_and_any_deaths_give_back_what_was_lent(work: int, deaths: list[int]) -> None:
    world = users_world()
    world.dies_behind = work
    with contextlib.suppress(Killed):
        converge(everything(world, "2"))
    for behind in [*deaths, None]:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            give_up(everything(world, "2"), explain)
    assert world.items["lent"] == Item("them", "theirs")
