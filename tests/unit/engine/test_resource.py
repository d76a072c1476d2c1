"""What a resource says by its classes: each mix-in alone, then all in one graph."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cfn_mlflow
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.engine.resource import (
    Creatable,
    Deletable,
    LeavesTraces,
    Observation,
    Observed,
    Resource,
    Retained,
    Superseding,
    Undone,
)
from cfn_mlflow.outcome import Done, NotShared, PermanentError
from tests.support.engine.things import (
    Beside,
    Item,
    Killed,
    Lent,
    Old,
    Part,
    TheirThing,
    Thing,
    World,
    explain,
)


def converge(graph: Graph) -> None:
    convergence = Convergence(graph, explain)
    while not isinstance(convergence.step(), Done):
        pass


def remove(graph: Graph) -> None:
    removal = Removal(graph, explain)
    while not isinstance(removal.step(), Done):
        pass


def everything(world: World, value: str) -> Graph:
    """Return a graph with a resource of each mix-in."""
    graph = Graph()
    graph.add(TheirThing(world, "shared"))
    lent = graph.add(Lent(world, "lent", "ours"))
    whole = graph.add(Thing(world, "whole", value), after=(lent,))
    graph.add(Part(world, "part"), after=(whole,))
    graph.add(
        Beside(
            world, f"kind-{value}", value, uses=whole.output(lambda view: view.value), kind="kind-"
        )
    )
    graph.without(Old(world, "old"))
    return graph


def users_world(*names: str) -> World:
    """Return what is the user's, and of ours what is named."""
    theirs = {"shared": Item("them", "", mark="for us"), "lent": Item("them", "theirs")}
    return World(theirs | {name: Item("us", "") for name in names})


def test_the_contract_has_at_most_five_methods_to_implement() -> None:
    abstract: frozenset[str] = Resource.__abstractmethods__
    assert sorted({*abstract, "compare"}) == ["compare", "create", "delete", "observe", "update"]
    assert Observed.__abstractmethods__ == {"observe"}


def test_a_resource_that_is_only_observed_is_never_made_changed_or_removed() -> None:
    world, graph = users_world(), Graph()
    graph.add(TheirThing(world, "shared"))
    converge(graph)
    remove(graph)
    give_up(graph, explain)
    assert world.writes == []


def test_a_resource_that_is_only_observed_and_gone_is_told() -> None:
    world, graph = World(), Graph()
    graph.add(Lent(world, "lent", "ours"))
    with pytest.raises(PermanentError, match="thing lent: it is gone"):
        converge(graph)


def test_a_named_resource_that_is_not_shared_is_refused_before_anything_changes() -> None:
    world = users_world()
    world.items["shared"].mark = ""
    with pytest.raises(NotShared, match="shared: is not shared"):
        converge(everything(world, "1"))
    assert world.writes == []


def test_an_attached_resource_that_differs_and_cannot_be_changed_is_told() -> None:
    class Differing(Part):
        def compare(self, found: Observation[Item]) -> Observation[Item]:
            return replace(found, differs=("colour",))

    world, graph = World({"part": Item("us", "")}), Graph()
    graph.add(Differing(world, "part"))
    with pytest.raises(PermanentError, match="thing part: colour not as asked, and it cannot"):
        converge(graph)


OURS = ("whole", "part", "kind-1", "kind-2", "kind-3", "old")
DEATHS = st.lists(st.integers(1, 14), max_size=6)


@settings(max_examples=200)
@given(
    before=st.sets(st.sampled_from(OURS)),
    deaths=DEATHS,
    slow=st.integers(0, 2),
    hides=st.integers(0, 2),
)
def test_any_state_and_any_deaths_of_all_kinds_converge_to_one_end(
    before: set[str], deaths: list[int], slow: int, hides: int
) -> None:
    world = users_world(*before)
    world.slow, world.hides = slow, hides
    for behind in [*deaths, None]:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            converge(everything(world, "2"))
    assert {name: item.value for name, item in world.items.items()} == {
        "shared": "",
        "lent": "ours",
        "whole": "2",
        "part": "",
        "kind-2": "22",
    }


@settings(max_examples=200)
@given(before=st.sets(st.sampled_from(OURS)), deaths=DEATHS)
def test_any_state_and_any_deaths_of_all_kinds_are_removed_but_for_what_is_the_users(
    before: set[str], deaths: list[int]
) -> None:
    world = users_world(*before)
    for behind in [*deaths, None]:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            remove(everything(world, "2"))
    left = world.items.keys() - {"part"}  # what is attached goes with its parent, in the world
    assert left == {"shared", "lent"}


def all_classes(base: type[Any]) -> Iterator[type[Any]]:
    """Yield every class that inherits from one, however far."""
    for each in base.__subclasses__():
        yield each
        yield from all_classes(each)


@pytest.mark.parametrize(
    ("mixin", "method"),
    [
        (Creatable, "create"),
        (Deletable, "delete"),
        (Superseding, "superseded"),
        (Undone, "give_up"),
        (Retained, "retain"),
        (LeavesTraces, "after_removal"),
    ],
)
def test_a_class_with_the_method_of_a_mixin_inherits_it(mixin: type, method: str) -> None:
    for module in pkgutil.walk_packages(cfn_mlflow.__path__, "cfn_mlflow."):
        if not module.name.endswith("script"):  # runs in a task, at its import
            importlib.import_module(module.name)
    classes = {*all_classes(Observed)}
    assert len(classes) > 60
    assert [c for c in classes if hasattr(c, method) and not issubclass(c, mixin)] == []
