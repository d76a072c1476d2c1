"""Patience after our own create or change: it is borne for a while, and then it is an error."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfn_mlflow.cloudformation.handoff import Carried, pack, unpack
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.patience import SECONDS
from cfn_mlflow.outcome import Done, PermanentError, Waiting
from cfn_mlflow.runtime.progress import Progress, Wait
from tests.support.engine.things import Item, Killed, Part, Precious, Thing, World, explain

FOR_EVER = 10**6
NOT_VISIBLE = "created; not visible yet"


class Time:
    """A clock that each look moves on by ten seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def two(world: World) -> Graph:
    """Return a whole with a part of it."""
    graph = Graph()
    whole = graph.add(Thing(world, "whole", "1"))
    graph.add(Part(world, "part"), after=(whole,))
    return graph


def seconds_until_it_fails(graph: Graph) -> float:
    """Converge until that fails; return after how many seconds it did."""
    time = Time()
    convergence = Convergence(graph, explain, now=time)
    while time.seconds < 10 * SECONDS:
        try:
            convergence.step()
        except PermanentError:
            return time.seconds
        time.seconds += 10
    raise AssertionError("it never fails")


def test_what_was_created_and_is_not_visible_is_waited_for_and_not_created_again() -> None:
    world = World(hides=3)
    convergence = Convergence(two(world), explain)
    for _ in range(2):
        assert convergence.step() == Waiting({"thing whole": NOT_VISIBLE})
    while not isinstance(convergence.step(), Done):
        pass
    assert [tried for tried in world.tried if tried.startswith("create")] == world.writes
    assert world.writes == ["create whole", "create part"]


def test_what_was_created_and_is_never_visible_fails_after_two_minutes() -> None:
    assert seconds_until_it_fails(two(World(hides=FOR_EVER))) == SECONDS


def test_what_a_dead_invocation_created_and_is_not_visible_is_waited_for() -> None:
    world = World({"whole": Item("us", "1", hidden=3)})
    convergence = Convergence(two(world), explain)
    assert convergence.step() == Waiting({"thing whole": NOT_VISIBLE})
    while not isinstance(convergence.step(), Done):
        pass
    assert world.writes == ["create part"]


def test_what_is_already_there_and_never_visible_fails_after_two_minutes() -> None:
    world = World({"whole": Item("us", "1", hidden=FOR_EVER)})
    assert seconds_until_it_fails(two(world)) == SECONDS


def test_what_was_just_created_and_has_no_owner_tag_yet_is_waited_for() -> None:
    world = World(tags_late=3)
    convergence = Convergence(two(world), explain)
    waits = Waiting({"thing whole": "created; its tags are not visible yet"})
    assert convergence.step() == waits
    assert convergence.step() == waits
    while not isinstance(convergence.step(), Done):
        pass


def test_what_never_gets_our_owner_tag_is_an_ownership_conflict_after_two_minutes() -> None:
    assert seconds_until_it_fails(two(World(tags_late=FOR_EVER))) == SECONDS


def test_what_was_there_before_without_our_tag_is_an_ownership_conflict_at_once() -> None:
    assert seconds_until_it_fails(two(World({"whole": Item("them", "1")}))) == 0


@pytest.mark.parametrize("code", ["denied", "not found"])
def test_an_error_on_what_was_just_created_is_waited_out(code: str) -> None:
    world = World(slow=1)
    convergence = Convergence(two(world), explain)
    assert isinstance(convergence.step(), Waiting)
    world.fails["read whole"] = [code] * 3
    while not isinstance(convergence.step(), Done):
        pass


def test_a_denied_part_of_what_was_just_created_is_waited_out() -> None:
    world = World(fails={"create part": ["denied"] * 3})
    convergence = Convergence(two(world), explain)
    words = "what it needs: created; access to it is not in effect yet"
    assert convergence.step() == Waiting({"thing part": words})
    while not isinstance(convergence.step(), Done):
        pass


@pytest.mark.parametrize("code", ["denied", "not found"])
def test_an_error_that_stays_after_our_create_fails_after_two_minutes(code: str) -> None:
    world = World(fails={"create part": [code] * FOR_EVER})
    assert seconds_until_it_fails(two(world)) == SECONDS


@pytest.mark.parametrize("code", ["denied", "not found"])
def test_an_error_after_what_begins_the_graph_was_created_fails_at_once(code: str) -> None:
    graph, world = Graph(), World(fails={"create other": [code]})
    graph.begin(Thing(world, "claim"))
    graph.add(Thing(world, "other"))
    assert seconds_until_it_fails(graph) == 0


@pytest.mark.parametrize("code", ["denied", "not found", "quota"])
def test_an_error_on_what_nobody_just_created_or_changed_fails_at_once(code: str) -> None:
    world = World({"whole": Item("us", "1")}, fails={"create part": [code]})
    assert seconds_until_it_fails(two(world)) == 0


def test_a_denied_change_of_what_was_just_changed_is_waited_out() -> None:
    world = World({"whole": Item("us", "old")}, fails={"create part": ["denied"]})
    convergence = Convergence(two(world), explain)
    assert isinstance(convergence.step(), Waiting)
    assert isinstance(convergence.step(), Done)


def test_what_the_world_does_not_know_yet_is_waited_out_whoever_made_it() -> None:
    world = World(fails={"create whole": ["not known"] * 3})
    convergence = Convergence(two(world), explain)
    words = "AWS does not know yet what was just made"
    assert convergence.step() == Waiting({"thing whole": words})
    while not isinstance(convergence.step(), Done):
        pass


def test_what_the_world_never_knows_fails_after_two_minutes() -> None:
    world = World(fails={"create whole": ["not known"] * FOR_EVER})
    assert seconds_until_it_fails(two(world)) == SECONDS


def test_a_change_that_the_world_never_knows_fails_after_two_minutes() -> None:
    world = World({"whole": Item("us", "old")}, fails={"update whole": ["not known"] * FOR_EVER})
    assert seconds_until_it_fails(two(world)) == SECONDS


def resumed(world: World, state: str, *, since: float, at: float) -> tuple[Convergence, Time]:
    """Return the convergence of an invocation that goes on with what another waited for."""
    time = Time()
    time.seconds = at
    waited = {"thing whole": Wait(state, since, since)}
    return Convergence(two(world), explain, waited=waited, now=time), time


def fails_at(convergence: Convergence, time: Time) -> float:
    """Converge until that fails; return the time of then."""
    while time.seconds < 10 * SECONDS:
        try:
            convergence.step()
        except PermanentError:
            return time.seconds
        time.seconds += 10
    raise AssertionError("it never fails")


def test_object_that_an_earlier_invocation_made_is_not_made_again_while_unseen() -> None:
    world = World({"whole": Item("us", "1", hidden=2)})
    convergence, _ = resumed(world, NOT_VISIBLE, since=0, at=30)
    assert convergence.step() == Waiting({"thing whole": NOT_VISIBLE})
    while not isinstance(convergence.step(), Done):
        pass
    assert "create whole" not in world.tried


@pytest.mark.parametrize(
    ("state", "world"),
    [
        (NOT_VISIBLE, World({"whole": Item("us", "1", hidden=FOR_EVER)})),
        ("created; its tags are not visible yet", World({"whole": Item("us", "1", untagged=99)})),
        (
            "created; access to it is not in effect yet",
            World(fails={"read whole": ["denied"] * 99}),
        ),
        (
            "what it needs: created; access to it is not in effect yet",
            World(fails={"create whole": ["denied"] * 99}),
        ),
        (
            "AWS does not know yet what was just made",
            World(fails={"create whole": ["not known"] * 99}),
        ),
    ],
)
def test_two_minutes_that_an_earlier_invocation_began_end_in_the_next(
    state: str, world: World
) -> None:
    assert fails_at(*resumed(world, state, since=0, at=60)) == SECONDS


@pytest.mark.parametrize(
    ("state", "world"),
    [
        ("created; its tags are not visible yet", World({"whole": Item("us", "1", untagged=3)})),
        (
            "created; access to it is not in effect yet",
            World({"whole": Item("us", "1")}, fails={"read whole": ["denied"] * 3}),
        ),
    ],
)
def test_what_is_observed_first_has_the_patience_that_an_earlier_invocation_began(
    state: str, world: World
) -> None:
    graph, time = Graph(), Time()
    graph.add(Precious(world, "whole", "1"))
    waited = {"thing whole": Wait(state, 0, 0)}
    convergence = Convergence(graph, explain, waited=waited, now=time)
    assert convergence.step() == Waiting({"thing whole": state})
    while not isinstance(convergence.step(), Done):
        pass


def test_what_an_earlier_invocation_only_says_that_it_created_is_created_in_the_end() -> None:
    world = World()
    convergence, time = resumed(world, NOT_VISIBLE, since=0, at=60)
    assert convergence.step() == Waiting({"thing whole": NOT_VISIBLE})
    time.seconds = SECONDS
    assert convergence.step() == Done({})
    assert world.writes == ["create whole", "create part"]


def test_what_an_earlier_invocation_waited_for_otherwise_has_no_patience() -> None:
    world = World(fails={"read whole": ["denied"]})
    assert fails_at(*resumed(world, "on its way", since=0, at=60)) == 60


def test_what_was_waited_for_otherwise_before_has_two_minutes_of_its_own() -> None:
    world, time = World({"whole": Item("us", "1", hidden=FOR_EVER)}), Time()
    time.seconds = 600
    waited = {"thing whole": Wait(NOT_VISIBLE, 0, 590)}
    convergence = Convergence(two(world), explain, waited=waited, now=time)
    assert fails_at(convergence, time) == 590 + SECONDS


class DeniedOnceMade(World):
    """A world in which nobody may look at what was made."""

    def done(self, what: str) -> None:
        """Deny each look after a create."""
        super().done(what)
        if what.startswith("create"):
            self.fails[what.replace("create", "read")] = ["denied"] * FOR_EVER


def fails_after_hops(graph: Graph, hop: float) -> float:
    """Converge in invocations of so many seconds until that fails; return the time of then."""
    time, carried = Time(), Carried(0, 0)
    while time.seconds < 20 * SECONDS:
        convergence = Convergence(graph, explain, waited=carried.waits, now=time)
        progress = Progress(lambda *_, **__: None, time, carried.waits, carried.told_at)
        end = time.seconds + hop
        while time.seconds < end:
            try:
                outcome = convergence.step()
            except PermanentError:
                return time.seconds
            assert isinstance(outcome, Waiting)
            progress.note(outcome.waits)
            time.seconds += 10
        payload = pack({}, replace(carried, waits=progress.waits))
        _, carried = unpack(json.loads(payload), time.seconds)
    raise AssertionError("it never fails")


@pytest.mark.parametrize("hop", [10, 20, 30, 70])
@pytest.mark.parametrize("busy", [0, 40], ids=["at-once", "after-a-wait"])
@pytest.mark.parametrize(
    "world_of",
    [
        lambda busy: World(hides=FOR_EVER, fails={"create whole": busy}),
        lambda busy: World(tags_late=FOR_EVER, fails={"create whole": busy}),
        lambda busy: DeniedOnceMade(fails={"create whole": busy}),
        lambda busy: World(fails={"create whole": [*busy, *["not known"] * FOR_EVER]}),
        lambda busy: World(
            {"whole": Item("us", "old")},
            fails={"update whole": [*busy, *["not known"] * FOR_EVER]},
        ),
    ],
    ids=["not-visible", "no-tags", "denied", "create-not-known", "update-not-known"],
)
def test_two_minutes_end_across_invocations_however_short_they_are(
    world_of: Callable[[list[str]], World], busy: int, hop: float
) -> None:
    graph = two(world_of(["busy"] * busy))
    assert fails_after_hops(graph, hop) == 10 * busy + SECONDS


def test_what_the_world_does_not_know_after_another_error_has_two_minutes_again() -> None:
    codes = ["not known", *["busy"] * 12, "not known", "not known"]
    world = World({"whole": Item("us", "old")}, fails={"update whole": codes})
    time = Time()
    convergence = Convergence(two(world), explain, now=time)
    while not isinstance(convergence.step(), Done):
        time.seconds += 10
    assert world.items["whole"].value == "1"


def test_what_the_world_does_not_know_after_no_error_has_two_minutes_again() -> None:
    world = World({"whole": Item("us", "old")}, fails={"update whole": ["not known"] * 3})
    time = Time()
    convergence = Convergence(two(world), explain, now=time)
    convergence.step()
    world.items["whole"] = Item("us", "1", looks_to_serve=1)
    convergence.step()
    world.items["whole"], time.seconds = Item("us", "old"), SECONDS
    while not isinstance(convergence.step(), Done):
        time.seconds += 10
    assert world.items["whole"].value == "1"


def test_two_of_one_label_are_not_taken_for_one_another() -> None:
    graph, world = Graph(), World()
    graph.add(Thing(world, "whole", "1"))
    graph.add(Thing(World(), "whole", "2"))
    waited = {"thing whole": Wait(NOT_VISIBLE, 0, 0)}
    assert isinstance(Convergence(graph, explain, waited=waited, now=Time()).step(), Done)


@settings(max_examples=200)
@given(
    hides=st.integers(0, 4),
    slow=st.integers(0, 2),
    deaths=st.lists(st.integers(1, 8), max_size=5),
)
def test_any_late_sight_and_any_deaths_end_in_one_thing_each(
    hides: int, slow: int, deaths: list[int]
) -> None:
    world = World(hides=hides, slow=slow)
    for behind in [*deaths, None]:
        world.dies_behind = behind
        with contextlib.suppress(Killed):
            convergence = Convergence(two(world), explain)
            while not isinstance(convergence.step(), Done):
                pass
    assert world.writes == ["create whole", "create part"]
    assert {name: item.value for name, item in world.items.items()} == {"whole": "1", "part": ""}
