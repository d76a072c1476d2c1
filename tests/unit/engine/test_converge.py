"""Converge: one end, whatever was there, whatever was killed, whatever failed for a while."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import combine
from cfn_mlflow.engine.patience import UPDATES_THAT_HELP
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import Cause, Done, Outcome, PermanentError, RefusedChanges, Waiting
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.engine.things import Beside, Item, Killed, Part, Precious, Thing, World, explain


def diamond(world: World, value: str = "1") -> Graph:
    """Return a root, two that stand on it side by side, and one that stands on both."""
    graph = Graph()
    root = graph.add(Thing(world, "root", "r" + value))
    left = graph.add(Thing(world, "left", "", uses=root.output(lambda view: view.value)))
    right = graph.add(Thing(world, "right", "", uses=root.output(lambda view: view.value)))
    both = [side.output(lambda view: view.value) for side in (left, right)]
    graph.add(Thing(world, "top", "", uses=combine(min, both[0], both[1])))
    graph.give({"Root": root.output(lambda view: view.value), "Fixed": "f"})
    return graph


def run(graph: Graph, looks: int = 200) -> Outcome:
    convergence = Convergence(graph, explain)
    outcome: Outcome = Waiting({})
    for _ in range(looks):
        outcome = convergence.step()
        if isinstance(outcome, Done):
            break
    return outcome


def values(world: World) -> dict[str, str]:
    return {name: item.value for name, item in world.items.items()}


def test_given_nothing_then_all_is_made_each_after_what_it_needs() -> None:
    world = World()
    assert run(diamond(world)) == Done({"Root": "r1", "Fixed": "f"})
    assert world.writes == ["create root", "create left", "create right", "create top"]


def test_given_all_is_as_asked_then_each_is_read_once_and_nothing_is_written() -> None:
    world = World()
    run(diamond(world))
    world.calls.clear()
    assert Convergence(diamond(world), explain).step() == Done({"Root": "r1", "Fixed": "f"})
    assert sorted(world.calls) == ["read left", "read right", "read root", "read top"]


def test_given_independent_things_that_take_long_then_they_take_it_side_by_side() -> None:
    world = World()
    run(diamond(world))
    for name in ("left", "right"):
        world.items[name].looks_to_serve = 5
    convergence = Convergence(diamond(world), explain)
    assert convergence.step() == Waiting({"thing left": "on its way", "thing right": "on its way"})
    for _ in range(4):
        assert isinstance(convergence.step(), Waiting)
    assert isinstance(convergence.step(), Done)


def test_given_one_that_waits_then_those_that_stand_on_it_are_not_touched() -> None:
    world = World(slow=1)
    assert Convergence(diamond(world), explain).step() == Waiting({"thing root": "on its way"})
    assert world.items.keys() == {"root"}


def test_given_a_new_value_then_it_goes_through_all_that_stand_on_it() -> None:
    world = World()
    run(diamond(world))
    assert run(diamond(world, "2")) == Done({"Root": "r2", "Fixed": "f"})
    assert values(world) == dict.fromkeys(("root", "left", "right", "top"), "r2")


STATES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(["r1", "r2", "x"]) for name in ("root", "left", "top")}
)


@settings(max_examples=200)
@given(before=STATES, deaths=st.lists(st.integers(1, 12), max_size=6), slow=st.integers(0, 3))
def test_given_any_state_and_any_deaths_then_the_end_is_the_same(
    before: dict[str, str], deaths: list[int], slow: int
) -> None:
    world = World({name: Item("us", value) for name, value in before.items()}, slow=slow)
    for behind in deaths:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            run(diamond(world))
    world.dies_behind = None
    assert run(diamond(world)) == Done({"Root": "r1", "Fixed": "f"})
    assert values(world) == dict.fromkeys(("root", "left", "right", "top"), "r1")


CALLS = [f"{verb} {name}" for verb in ("read", "create") for name in ("root", "left", "top")]


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(CALLS), st.integers(1, 4)))
def test_given_calls_that_fail_for_a_while_then_they_are_waited_out(fails: dict[str, int]) -> None:
    world = World(fails={call: ["busy"] * times for call, times in fails.items()})
    assert run(diamond(world)) == Done({"Root": "r1", "Fixed": "f"})


def test_given_a_call_that_fails_for_a_while_then_the_reason_is_what_is_waited_for() -> None:
    world = World(fails={"create root": ["busy"]})
    assert Convergence(diamond(world), explain).step() == Waiting({"thing root": "busy"})


def test_given_a_call_that_fails_for_good_then_the_failure_says_of_what() -> None:
    world = World(fails={"create right": ["quota"]})
    with pytest.raises(PermanentError, match="thing right: quota"):
        run(diamond(world))


def test_given_an_error_that_nobody_foresaw_then_it_is_not_swallowed() -> None:
    graph = Graph()
    graph.add(Thing(World(), "a", uses="nowhere"))
    with pytest.raises(AssertionError, match="a is made before what it uses"):
        run(graph)


def test_given_something_of_a_strangers_then_it_is_left_as_it_is() -> None:
    world = World({"left": Item("them", "theirs")})
    with pytest.raises(PermanentError, match="thing left is there already and belongs to somebody"):
        run(diamond(world))
    assert world.items["left"] == Item("them", "theirs")


def precious(world: World, *asked: str, **changed: str) -> Graph:
    graph = Graph()
    graph.add(Thing(world, "plain", changed.get("plain", "1")))
    for name in asked:
        graph.add(Precious(world, name, changed.get(name, "1")))
    return graph


def test_given_what_would_lose_something_then_all_of_it_is_refused_before_any_change() -> None:
    world = World()
    run(precious(world, "a", "b"))
    world.calls.clear()
    with pytest.raises(PermanentError, match="a: cannot become 2; b: cannot become 3"):
        run(precious(world, "a", "b", plain="2", a="2", b="3"))
    assert world.writes == []
    assert run(precious(world, "a", "b")) == Done({})
    assert world.writes == []


def test_given_one_that_refuses_and_a_strangers_then_both_are_told_at_once() -> None:
    world = World()
    run(precious(world, "a", "b"))
    world.items["b"].owner = "them"
    with pytest.raises(RefusedChanges) as refused:
        run(precious(world, "a", "b", a="2"))
    told, strangers = refused.value.causes
    assert told == Cause(Reason.ChangeRefused, "a: cannot become 2")
    assert strangers.reason is Reason.OwnershipConflict
    assert strangers.words.startswith("thing b is there already and belongs to somebody else")


def test_resource_that_cannot_be_looked_at_hides_no_refusal_of_others() -> None:
    world = World()
    run(precious(world, "a", "b"))
    world.fails["read a"] = ["quota"]
    with pytest.raises(RefusedChanges) as refused:
        run(precious(world, "a", "b", b="2"))
    assert refused.value.faults == (
        "[CallRefused] thing a: quota",
        "[ChangeRefused] b: cannot become 2",
    )


def test_refusal_beside_one_that_cannot_be_told_yet_is_told_with_it_later() -> None:
    world = World()
    run(precious(world, "a", "b"))
    world.fails["read b"] = ["busy"]
    convergence = Convergence(precious(world, "a", "b", a="2", b="3"), explain)
    assert convergence.step() == Waiting({"thing b": "busy"})
    with pytest.raises(RefusedChanges, match="a: cannot become 2; b: cannot become 3"):
        convergence.step()


def test_given_it_cannot_be_told_yet_whether_to_refuse_then_nothing_is_changed() -> None:
    world = World()
    run(precious(world, "a"))
    world.fails["read a"] = ["busy"]
    world.calls.clear()
    convergence = Convergence(precious(world, "a", plain="2"), explain)
    assert convergence.step() == Waiting({"thing a": "busy"})
    assert world.writes == []
    assert convergence.step() == Done({})
    assert world.writes == ["update plain"]


def test_given_an_object_that_refuses_then_it_is_still_read_once() -> None:
    world = World()
    run(precious(world, "a"))
    world.calls.clear()
    run(precious(world, "a"))
    assert sorted(world.calls) == ["read a", "read plain"]


def test_old_look_does_not_make_twice_what_another_function_made_meanwhile() -> None:
    world = World(slow=1)
    graph = Graph()
    root = graph.add(Thing(world, "root"))
    graph.add(Precious(world, "late", "1"), after=(root,))
    convergence = Convergence(graph, explain)
    assert convergence.step() == Waiting({"thing root": "on its way"})
    world.items["late"] = Item("us", "1")
    assert convergence.step() == Done({})


def beside(world: World, value: str) -> Graph:
    graph = Graph()
    new = graph.add(Beside(world, f"kind-{value}", value, kind="kind-"))
    graph.add(Thing(world, "user", uses=new.output(lambda view: view.value)))
    return graph


def test_given_a_new_one_beside_the_old_then_the_old_goes_when_all_serve() -> None:
    world = World()
    run(beside(world, "1"))
    world.slow = 2
    convergence = Convergence(beside(world, "2"), explain)
    assert isinstance(convergence.step(), Waiting)
    assert {"kind-1", "kind-2"} <= world.items.keys()
    while not isinstance(convergence.step(), Done):
        pass
    assert world.items.keys() == {"kind-2", "user"}
    assert world.calls.index("update user") < world.calls.index("delete kind-1")


@given(st.lists(st.tuples(st.sampled_from("123"), st.integers(1, 8)), max_size=6))
def test_given_updates_that_die_anywhere_then_only_the_last_one_asked_stays(
    updates: list[tuple[str, int]],
) -> None:
    world = World()
    for value, behind in updates:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            run(beside(world, value))
    world.dies_behind = None
    run(beside(world, "9"))
    assert values(world) == {"kind-9": "9", "user": "9"}


def test_given_something_unwanted_then_it_goes_last_and_only_if_it_is_ours() -> None:
    world = World({"old": Item("us", ""), "theirs": Item("them", "")})
    graph = Graph()
    graph.add(Thing(world, "new"))
    graph.without(Thing(world, "old"))
    graph.without(Thing(world, "theirs"))
    assert run(graph) == Done({})
    assert world.items.keys() == {"new", "theirs"}
    assert world.writes == ["create new", "delete old"]


def test_given_a_change_that_never_shows_then_it_is_given_up_after_some_updates() -> None:
    class Stubborn(Thing):
        def update(self, found: Observation[Item]) -> None:
            del found
            self.world.done("update")

    world = World({"a": Item("us", "old")})
    graph = Graph()
    graph.add(Stubborn(world, "a", "new"))
    with failing(Reason.ChangeNotTaken, match="thing a: value still not as asked after 5 updates"):
        run(graph)
    assert world.calls.count("update") == UPDATES_THAT_HELP
    assert world.calls.count("read a") > 30


def test_given_an_update_that_aws_puts_off_then_it_is_no_try() -> None:
    world = World({"a": Item("us", "old")}, fails={"update a": ["busy"] * 40})
    graph = Graph()
    graph.add(Thing(world, "a", "new"))
    assert run(graph) == Done({})
    assert values(world) == {"a": "new"}


def test_given_what_comes_before_all_then_nothing_is_made_until_it_is_ours() -> None:
    world = World({"claim": Item("them", "")})
    graph = Graph()
    graph.begin(Thing(world, "claim"))
    graph.add(Thing(world, "a"))
    with pytest.raises(PermanentError, match="thing claim"):
        run(graph)
    assert world.items.keys() == {"claim"}


def test_given_an_attached_part_then_it_is_made_like_any_other() -> None:
    world = World()
    graph = Graph()
    whole = graph.add(Thing(world, "whole"))
    graph.add(Part(world, "part"), after=(whole,))
    run(graph)
    assert world.items.keys() == {"whole", "part"}


def test_given_what_served_before_is_gone_with_its_data_then_no_empty_one_is_made() -> None:
    world = World()
    graph = Graph()
    graph.add(Precious(world, "store", "data"))
    with failing(Reason.DataGone, match="store: it is gone, and another would be empty"):
        Convergence(graph, explain, served_before=True).step()
    assert world.writes == []


def test_given_what_served_before_is_there_with_its_data_then_it_goes_on() -> None:
    world = World()
    graph = Graph()
    graph.add(Precious(world, "store", "data"))
    assert isinstance(Convergence(graph, explain).step(), Done)
    assert isinstance(Convergence(graph, explain, served_before=True).step(), Done)
