from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.cloudformation import handoff
from cfn_mlflow.cloudformation.handoff import Carried, TooLargeError, pack, unpack
from cfn_mlflow.outcome import Done, TemporaryError, Waiting
from cfn_mlflow.runtime.progress import Wait
from tests.support.cloudformation.protocol_kit import SIGNED, World, outcomes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
NOW = SIGNED + 100


def test_what_is_carried_comes_back_with_one_more_hop_and_the_bare_event() -> None:
    event = {"RequestType": "Create", "ResourceProperties": {"Name": "日本 🎉"}}
    waits = {"database instance": Wait("creating", SIGNED + 5, SIGNED + 6)}

    bare, carried = unpack(json.loads(pack(event, Carried(SIGNED, SIGNED + 6, 4, waits))), NOW)

    assert bare == event
    assert carried == Carried(SIGNED, SIGNED + 6, 5, waits)


def test_an_event_that_was_never_handed_on_begins_now() -> None:
    assert unpack({"RequestType": "Create"}, NOW) == ({"RequestType": "Create"}, Carried(NOW, NOW))


def test_another_version_goes_on_from_the_bare_event_within_its_bounds() -> None:
    ours = {"version": 99, "hops": 7, "first_seen": SIGNED, "waits": {"a": ["b", SIGNED]}}

    bare, carried = unpack({"RequestType": "Create", handoff.KEY: ours}, NOW)

    assert bare == {"RequestType": "Create"}
    assert carried == Carried(SIGNED, NOW, 7, {})


def test_the_wait_of_an_older_function_comes_to_its_state_now() -> None:
    ours = {"version": 1, "hops": 7, "first_seen": SIGNED, "waits": {"a": ["b", SIGNED]}}

    _, carried = unpack({"RequestType": "Create", handoff.KEY: ours}, NOW)

    assert carried.waits == {"a": Wait("b", SIGNED, NOW)}


@given(JSON)
def test_whatever_stands_in_the_hand_off_it_costs_no_more_than_itself(ours: Any) -> None:
    bare, carried = unpack({"RequestType": "Create", handoff.KEY: ours}, NOW)

    assert bare == {"RequestType": "Create"}
    assert carried.first_seen <= NOW
    assert carried.hops >= 0


@given(JSON)
def test_whatever_the_parts_of_a_hand_off_are_they_are_read_or_left(part: Any) -> None:
    for name in ("version", "hops", "first_seen", "told_at", "waits"):
        ours = {"version": 1, "hops": 1, "first_seen": SIGNED, "waits": {"a": ["b", SIGNED]}}
        unpack({handoff.KEY: {**ours, name: part}}, NOW)
    for entry in ([part, SIGNED, SIGNED], ["b", part, SIGNED], ["b", SIGNED, part]):
        ours = {"version": 1, "hops": 1, "first_seen": SIGNED, "waits": {"a": entry}}
        _, carried = unpack({handoff.KEY: ours}, NOW)
        assert max(carried.waits["a"].since, carried.waits["a"].state_since) <= NOW


def test_a_hand_off_of_exactly_the_limit_goes_and_one_byte_more_does_not() -> None:
    room = handoff.PAYLOAD_BYTES - len(pack({"Text": ""}, Carried(SIGNED, SIGNED)))

    assert len(pack({"Text": "x" * room}, Carried(SIGNED, SIGNED))) == handoff.PAYLOAD_BYTES
    with pytest.raises(TooLargeError):
        pack({"Text": "x" * (room + 1)}, Carried(SIGNED, SIGNED))


def test_a_request_that_outlives_its_invocation_goes_on_in_the_next(world: World) -> None:
    world.timeout = 30
    world.converge = outcomes(*[Waiting({"cluster": "creating"})] * 40, Done({"Id": "c"}))

    world.deliver(world.event(ResourceProperties={"Text": "x" * 500_000}))

    assert world.answers.only["Data"] == {"Id": "c"}
    assert len(world.seen) > 5
    assert {request.request_id for request in world.seen} == {world.event()["RequestId"]}
    assert all(request.properties == {"Text": "x" * 500_000} for request in world.seen)


def test_an_invocation_hands_on_before_its_last_8_seconds(world: World) -> None:
    world.timeout = 30
    started = world.time.at
    world.converge = outcomes(Waiting({"cluster": "creating"}))

    world.handle(world.event())

    (payload,) = world.functions.payloads
    assert world.time.at - started <= 30 - 8
    assert world.answers.bodies == []
    ours = json.loads(payload)[handoff.KEY]
    assert ours == {
        "version": 1,
        "hops": 1,
        "first_seen": started,
        "told_at": started,
        "waits": {"cluster": ["creating", started, started]},
    }


def test_an_invocation_is_told_what_the_one_before_waited_for_and_since_when(world: World) -> None:
    world.timeout, started = 30, world.time.at
    world.converge = outcomes(Waiting({"cluster": "created; not visible yet"}))
    world.handle(world.event())
    world.converge = outcomes(Done({}))

    world.handle(json.loads(world.functions.payloads.pop()))

    first, second = world.seen[0], world.seen[-1]
    assert first.waited == {}
    assert second.waited == {"cluster": Wait("created; not visible yet", started, started)}


def test_a_function_too_short_for_any_margin_still_gets_on_by_a_look_each(world: World) -> None:
    world.timeout = 3
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.deliver(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_a_hand_off_delivered_twice_gives_the_same_answer_twice(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}), Done({"Id": "c"}))
    world.handle(world.event())
    again = json.loads(world.functions.payloads.pop())

    world.handle(again)
    world.handle(again)

    first, second = world.answers.bodies
    assert first == second


def test_hops_have_an_end(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    ours = {"version": 1, "hops": handoff.MOST_HOPS, "first_seen": world.time.at, "waits": {}}

    world.handle({**world.event(), handoff.KEY: ours})

    assert world.answers.only["Status"] == "FAILED"
    assert "1000 times" in world.answers.only["Reason"]
    assert world.functions.payloads == []


def test_a_request_too_large_to_be_carried_on_fails_with_the_sizes(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))

    world.handle(world.event(ResourceProperties={"Text": "x" * handoff.PAYLOAD_BYTES}))

    assert world.answers.only["Status"] == "FAILED"
    assert "Lambda takes 1048576" in world.answers.only["Reason"]


def test_a_throttled_hand_off_is_tried_again(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    world.functions.errors = [TemporaryError("throttled")] * 2

    world.handle(world.event())

    assert len(world.functions.payloads) == 1
