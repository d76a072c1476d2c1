"""Removal: nothing owned is left, nothing else is touched, what stays is marked."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting
from tests.support.engine.things import Beside, Item, Killed, Part, Thing, World, explain

NAMES = ("root", "part", "user", "loose")


def things(world: World, *, stays: bool = False, owner: str = "us") -> Graph:
    """Return a root, a part that cannot be looked for without it, one that uses it, one apart."""
    graph = Graph()
    root = graph.add(Thing(world, "root", stays=stays, owner=owner))
    name = root.output(lambda view: "root" if view else "")
    graph.add(Thing(world, "part", part_of=name, owner=owner))
    graph.add(Thing(world, "user", uses=root.output(lambda view: view.value), owner=owner))
    graph.add(Thing(world, "loose", owner=owner))
    return graph


def full(*names: str) -> World:
    return World({name: Item("us", "") for name in names or NAMES})


def run(graph: Graph, looks: int = 60) -> Outcome:
    removal = Removal(graph, explain)
    outcome: Outcome = Waiting({})
    for _ in range(looks):
        outcome = removal.step()
        if isinstance(outcome, Done):
            break
    return outcome


def test_given_all_of_it_then_each_goes_after_those_that_need_it() -> None:
    world = full()
    assert run(things(world)) == Done({})
    assert world.items == {}
    assert world.writes[-1] == "delete root"


@given(st.sets(st.sampled_from(NAMES)), st.lists(st.integers(1, 10), max_size=5))
@settings(max_examples=200)
def test_given_any_part_of_it_and_any_deaths_then_nothing_owned_is_left(
    there: set[str], deaths: list[int]
) -> None:
    if "root" not in there:
        there -= {"part"}
    world = World({name: Item("us", "") for name in there} | {"theirs": Item("them", "")})
    for behind in deaths:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            run(things(world))
    world.dies_behind = None
    assert run(things(world)) == Done({})
    assert world.items == {"theirs": Item("them", "")}


def test_given_a_strangers_things_of_the_same_names_then_none_is_touched() -> None:
    world = World({name: Item("them", "") for name in NAMES})
    assert run(things(world)) == Done({})
    assert world.writes == []
    assert set(world.items) == set(NAMES)


def test_given_one_that_stays_then_it_is_marked_and_a_second_removal_leaves_it() -> None:
    world = full()
    run(things(world, stays=True))
    assert world.items == {"root": Item("nobody", "", mark="left by us")}
    world.calls.clear()
    assert run(things(world)) == Done({})
    assert world.writes == []


def test_given_one_that_something_still_holds_then_it_is_waited_for() -> None:
    world = full()
    world.items["holder"] = Item("them", "", mark="holds root")
    removal = Removal(things(world), explain)
    assert removal.step() == Waiting({"thing root": "busy"})
    del world.items["holder"]
    assert removal.step() == Done({})


def test_given_one_that_takes_long_to_go_then_what_it_needs_stays_so_long() -> None:
    world = full()
    world.fails["delete user"] = ["busy", "busy"]
    removal = Removal(things(world), explain)
    for _ in range(2):
        assert removal.step() == Waiting({"thing user": "busy"})
        assert world.items.keys() == {"root", "user"}
    assert removal.step() == Done({})
    assert world.items == {}


def test_given_a_look_that_fails_for_a_while_then_what_stands_on_it_is_not_forgotten() -> None:
    world = full()
    world.fails["read root"] = ["busy"]
    removal = Removal(things(world), explain)
    assert isinstance(removal.step(), Waiting)
    assert {"root", "part"} <= world.items.keys()
    while not isinstance(removal.step(), Done):
        pass
    assert world.items == {}


def test_given_a_deletion_that_is_denied_then_it_fails_and_does_not_pretend() -> None:
    world = full()
    world.fails["delete loose"] = ["denied"]
    with pytest.raises(PermanentError, match="thing loose: denied"):
        run(things(world))


def test_given_something_made_after_the_first_clean_look_then_the_next_finds_it() -> None:
    world = full()
    removal = Removal(things(world), explain)
    assert removal.step() == Done({})
    world.items["loose"] = Item("us", "")
    assert removal.step() == Done({})
    assert world.items == {}


def test_given_what_a_cut_off_update_left_beside_then_it_goes_too() -> None:
    world = full("kind-1", "kind-2")
    graph = Graph()
    graph.add(Beside(world, "kind-2", kind="kind-"))
    assert run(graph) == Done({})
    assert world.items == {}


def test_given_an_attached_part_then_it_is_not_even_observed() -> None:
    world = full("whole", "part")
    graph = Graph()
    whole = graph.add(Thing(world, "whole"))
    graph.add(Part(world, "part"), after=(whole,))
    run(graph)
    assert "read part" not in world.calls
    assert "whole" not in world.items


def test_given_a_trace_that_it_leaves_then_it_is_marked_also_after_a_kill() -> None:
    world = full("root", "trace of root")
    world.dies_behind = len(["read root", "delete root"])
    graph = Graph()
    graph.add(Thing(world, "root"))
    with pytest.raises(Killed):
        run(graph)
    assert world.items.keys() == {"trace of root"}
    world.dies_behind = None
    run(graph)
    assert world.items["trace of root"].mark == "marked"


def test_given_what_comes_before_all_then_it_goes_last() -> None:
    world = full("claim", "a")
    graph = Graph()
    graph.begin(Thing(world, "claim"))
    graph.add(Thing(world, "a"))
    run(graph)
    assert world.writes == ["delete a", "delete claim"]


def test_given_a_question_whether_any_is_there_then_nothing_is_changed() -> None:
    world = full("loose")
    assert Removal(things(world), explain).finds_any()
    assert not Removal(things(World({"loose": Item("them", "")})), explain).finds_any()
    assert world.writes == []


def test_given_a_question_that_cannot_be_answered_yet_then_it_is_to_be_asked_again() -> None:
    world = World(fails={"read loose": ["busy"]})
    with pytest.raises(TemporaryError, match="busy"):
        Removal(things(world), explain).finds_any()
