"""Fault cases of delivering and answering: what Lambda and the network do to a request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfn_mlflow.cloudformation.delivery import RefusedError, UndeliveredError
from cfn_mlflow.outcome import Done, Failed, Outcome, TemporaryError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    SECRET,
    SIGNED,
    Answers,
    FakeStack,
    LookedError,
    World,
    outcomes,
    state,
)


class KilledError(BaseException):
    """The function is gone: out of memory, out of time. Nothing of it runs on."""


class Aws:
    """A world that keeps what was made in it: `needed` things, one made per look."""

    def __init__(self, needed: int) -> None:
        self.needed, self.made, self.calls = needed, 0, 0
        self.kill_before: set[int] = set()
        self.kill_after: set[int] = set()

    def converge(self) -> Outcome:
        """Make one thing if one is missing; die where the test says so."""
        self.calls += 1
        call = self.calls
        if call in self.kill_before:
            raise KilledError
        if self.made < self.needed:
            self.made += 1
        if call in self.kill_after:
            raise KilledError
        if self.made < self.needed:
            return Waiting({"things": f"{self.made} of {self.needed}"})
        return Done({"Things": str(self.made)})


def deliver_until_done(world: World, event: dict[str, Any]) -> int:
    """Deliver as Lambda does: what dies is delivered again, each hand-off once it is made."""
    queue, deaths = [json.dumps(event).encode()], 0
    while queue:
        payload = queue.pop(0)
        try:
            world.handle(json.loads(payload))
        except KilledError:
            deaths += 1
            world.time.sleep(60)
            queue.insert(0, payload)
        queue += world.functions.payloads
        world.functions.payloads.clear()
    return deaths


def test_a1_an_event_delivered_twice_is_answered_with_the_same_bytes(world: World) -> None:
    world.handle(world.event())
    world.handle(world.event())

    first, second = world.answers.bodies
    assert first == second


def test_a1_an_event_delivered_again_after_its_answer_ends_silently(world: World) -> None:
    world.stack = FakeStack([state("CREATE_IN_PROGRESS"), state("CREATE_COMPLETE")])

    world.handle(world.event())
    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_a2_an_event_delivered_twice_at_once_is_answered_the_same_twice(world: World) -> None:
    meeting = threading.Barrier(2, timeout=300)

    def step() -> Outcome:
        meeting.wait()
        return Done({"Id": "c"})

    world.converge = step
    both = [threading.Thread(target=world.handle, args=(world.event(),)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    first, second = world.answers.bodies
    assert first == second


def test_a3_a_request_id_that_comes_again_is_never_answered_from_memory(world: World) -> None:
    world.converge = outcomes(Done({"Id": "before"}), Done({"Id": "after"}))

    world.handle(world.event())
    world.handle(world.event())

    assert [answer["Data"]["Id"] for answer in world.answers.all] == ["before", "after"]


POINTS = st.sets(st.integers(1, 12), max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=POINTS, after=POINTS, needed=st.integers(1, 8), timeout=st.integers(9, 900))
def test_a4_killed_anywhere_and_delivered_again_it_ends_in_the_same_place(
    answers: Answers, before: set[int], after: set[int], needed: int, timeout: int
) -> None:
    answers.bodies.clear()
    aws = Aws(needed)
    aws.kill_before, aws.kill_after = before, after
    world = World(answers, converge=aws.converge, timeout=timeout)

    deliver_until_done(world, world.event())

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["Data"] == {"Things": str(needed)}
    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    errors=st.lists(
        st.sampled_from([TemporaryError("t"), KeyError(SECRET), OSError(SECRET)]), max_size=2
    ),
    waits=st.integers(0, 5),
)
def test_a4_an_error_at_any_look_leads_to_the_same_answer(
    answers: Answers, errors: list[Exception], waits: int
) -> None:
    answers.bodies.clear()
    told: list[Outcome | Exception] = [*[Waiting({"a": "b"})] * waits, *errors, Done({"Id": "c"})]
    world = World(answers, converge=outcomes(*told))

    world.deliver(world.event())

    assert world.answers.only["Data"] == {"Id": "c"}


def test_a5_near_its_timeout_an_invocation_hands_on_and_answers_nothing(world: World) -> None:
    world.timeout, world.converge = 60, outcomes(Waiting({"a": "b"}))

    world.handle(world.event())

    assert len(world.functions.payloads) == 1
    assert world.answers.bodies == []


def test_a6_crhelper_that_cannot_be_imported_is_an_error_of_the_invocation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So Lambda delivers again, and what never heals reaches the last word."""
    monkeypatch.setitem(__import__("sys").modules, "cfn_mlflow.cloudformation.shell", None)

    with pytest.raises(ImportError):
        world.handle(world.event())


@pytest.mark.parametrize("fault", ["hang up", "503"])
def test_a7_an_answer_that_the_network_swallows_is_sent_again(world: World, fault: str) -> None:
    if fault == "hang up":
        world.answers.hang_up = 2
    else:
        world.answers.statuses = [503, 503]

    world.handle(world.event())

    assert world.answers.all[-1]["Status"] == "SUCCESS"


@pytest.mark.parametrize("status", [400, 403])
def test_a8_a_refused_answer_is_an_error_that_lambda_keeps(world: World, status: int) -> None:
    world.answers.statuses = [status]

    with pytest.raises(RefusedError):
        world.handle(world.event())


def test_a8_event_of_an_undelivered_answer_comes_again_and_is_answered_the_same(
    world: World,
) -> None:
    world.answers.statuses = [503] * 5

    with pytest.raises(UndeliveredError):
        world.handle(world.event())
    world.handle(world.event())

    assert len(set(world.answers.bodies)) == 1


def test_a9_an_oversize_answer_arrives_within_the_limit(world: World) -> None:
    world.converge = outcomes(Done({f"Attribute{n}": "é" * 100 for n in range(50)}))

    world.handle(world.event())

    assert len(world.answers.bodies[0]) <= 4096
    assert list(world.answers.only["Data"])[:2] == ["Attribute0", "Attribute1"]


def test_a10_attributes_that_are_no_text_are_a_proper_failure(world: World) -> None:
    world.converge = outcomes(Done({"Port": 5432}))  # type: ignore[dict-item]

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert "Port (int)" in world.answers.only["Reason"]


def test_a11_no_property_is_in_an_answer_whatever_goes_wrong(world: World) -> None:
    for told in (Done({}), Failed(Reason.CallRefused, "why"), KeyError(SECRET)):
        world.converge = outcomes(told)
        world.handle(world.event())

    assert SECRET.encode() not in b"".join(world.answers.bodies)


@pytest.mark.parametrize(
    "changes",
    [
        {"RequestType": "Upsert"},
        {"ResourceType": None},
        {"ResourceProperties": "text"},
    ],
)
def test_a12_a_malformed_event_is_answered_at_its_own_url(
    world: World, changes: dict[str, Any]
) -> None:
    world.handle(world.event(**changes))

    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["PhysicalResourceId"]
    assert next(iter(changes)) in world.answers.only["Reason"]


@pytest.mark.parametrize("changes", [{"StackId": None}, {"RequestId": 1}, {"RequestId": ""}])
def test_a12_a_malformed_event_that_its_url_does_not_name_is_not_answered(
    world: World, changes: dict[str, Any]
) -> None:
    world.handle(world.event(**changes))

    assert world.answers.bodies == []


@pytest.mark.parametrize("event", [None, [], "text", {}, {"ResponseURL": "ftp://x/"}])
def test_a12_an_event_with_no_place_to_answer_to_is_logged_and_dropped(
    world: World, lines: Callable[[], list[dict[str, Any]]], event: Any
) -> None:
    world.handle(event)

    assert [line for line in lines() if line["level"] == "ERROR"]
    assert world.answers.bodies == []


def test_a13_nothing_of_one_request_is_in_the_next(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.converge = outcomes(Done({"Of": "the first"}), Failed(Reason.CallRefused, "No."))
    other = IDENTITY.stack_id.replace("tracking", "second").replace("0b1c", "9b1c")

    world.handle(world.event())
    world.stack = FakeStack([state("CREATE_IN_PROGRESS")], stack_id=other)
    world.handle(world.event(StackId=other, RequestId="second"))
    world.handle({})

    assert "the first" not in json.dumps(world.answers.all[1])
    assert {line.get("stack") for line in lines()} == {"tracking", "second", None}


def test_a14_a_create_that_comes_after_its_time_makes_nothing(world: World) -> None:
    world.time.at = SIGNED + 3500
    world.converge = outcomes(LookedError("looked"))

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert "came too late" in world.answers.only["Reason"]


def test_a14_a_delete_that_comes_after_its_time_still_removes(world: World) -> None:
    world.time.at = SIGNED + 5000
    world.remove = outcomes(Waiting({"cluster": "deleting"}))

    world.handle(world.event("Delete"))
    world.remove = outcomes(Done({}))
    world.handle(world.event("Delete"))

    assert [answer["Status"] for answer in world.answers.all] == ["FAILED", "SUCCESS"]


@pytest.mark.parametrize("service_timeout", [1, 30, 60, 600, 3600])
@pytest.mark.parametrize("timeout", [12, 30, 900])
def test_a15_whatever_the_timeouts_a_request_is_answered_within_its_own(
    world: World, service_timeout: int, timeout: int
) -> None:
    world.timeout, world.converge = timeout, outcomes(Waiting({"cluster": "creating"}))
    world.time.at = SIGNED

    world.deliver(world.event(ResourceProperties={"ServiceTimeout": str(service_timeout)}))

    assert world.answers.only["Status"] == "FAILED"
    assert "cluster (creating)" in world.answers.only["Reason"]
    assert world.time.at - SIGNED <= max(service_timeout - 120, service_timeout / 2)
