"""Events that CloudFormation did not send: whatever is in them, nothing is changed for them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cfn_mlflow.cloudformation.delivery import RefusedError
from cfn_mlflow.cloudformation.event import Request
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.cloudformation.serve import Step
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.common.update import parse_update
from tests.support.cloudformation.forging import forged
from tests.support.cloudformation.protocol_kit import (
    HOST,
    LOGICAL_ID,
    SIGNED,
    STACK_ID,
    Answers,
    FakeStack,
    LookedError,
    State,
    World,
    outcomes,
    signed_url,
    state,
)
from tests.support.cloudformation.stack_histories import (
    CREATED,
    FIRST,
    OPERATIONS,
    ROLLED_BACK,
    THIRD,
    THIRD_UPDATE,
    WAY_BACK,
    own,
    stack,
)

SETTINGS = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

LIVING = {
    "created": ("CREATE_COMPLETE", CREATED),
    "updating for the third time": ("UPDATE_IN_PROGRESS", [*ROLLED_BACK, *THIRD_UPDATE]),
    "going back": ("UPDATE_IN_PROGRESS", [*ROLLED_BACK, *THIRD_UPDATE, *WAY_BACK]),
    "updated": ("UPDATE_COMPLETE", [*ROLLED_BACK, *THIRD_UPDATE]),
    "retained": ("DELETE_SKIPPED", CREATED),
}
"""A victim's resource: its status, and its events, the oldest first."""
OPEN = {
    "updating for the third time": THIRD,
    "going back": FIRST,
}
"""The properties of the one request that CloudFormation waits for, where it does."""


@dataclass
class Victim:
    """What CloudFormation says: of the victim's resource, and that others are not there."""

    status: str
    events_told: list[State]
    of_others: Exception | None
    told: str | None = "null"
    oldest: State | None = None

    def resource_state(self, stack_id: str, logical_id: str) -> State | None:
        """Tell the victim's state, and of others what AWS may."""
        if (stack_id, logical_id) == (STACK_ID, LOGICAL_ID):
            return state(self.status)
        if self.of_others:
            raise self.of_others
        return None

    def events(self, stack_id: str, logical_id: str) -> Iterator[State]:
        """Tell the victim's events; those of others are as open as one could wish."""
        if (stack_id, logical_id) == (STACK_ID, LOGICAL_ID):
            yield from reversed(self.events_told)
        elif self.of_others:
            raise self.of_others


def is_the_open_one(event: Mapping[str, Any], living: str) -> bool:
    """Tell whether an event asks for nothing but what CloudFormation waits for itself."""
    return (
        event["RequestType"] == "Update"
        and living in OPEN
        and event["StackId"] == STACK_ID
        and event["LogicalResourceId"] == LOGICAL_ID
        and event.get("ResourceProperties") == OPEN[living]
    )


@pytest.fixture(autouse=True)
def nobody_else_is_looked_up(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> None:
    """Nothing is sent anywhere but to CloudFormation's bucket."""
    del answers
    look_up = socket.getaddrinfo

    def only_the_bucket(host: Any, *more: Any, **named: Any) -> Any:
        assert host == HOST
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", only_the_bucket)


OTHERS = st.sampled_from(
    [None, PermanentError(Reason.CallRefused, "not allowed"), TemporaryError("throttled")]
)
FORGED_DELETE = {
    "RequestType": "Delete",
    "StackId": STACK_ID,
    "LogicalResourceId": LOGICAL_ID,
    "RequestId": "x",
    "PhysicalResourceId": "x",
    "ResourceType": "Custom::MLflow",
    "ResourceProperties": {**FIRST, "SkipFinalSnapshot": "true"},
    "ResponseURL": "https://attacker.example/x",
}


@SETTINGS
@given(event=forged(), living=st.sampled_from(sorted(LIVING)), of_others=OTHERS)
@example(event=FORGED_DELETE, living="created", of_others=None)
@example(
    event={**FORGED_DELETE, "ResponseURL": signed_url(request_id="x").partition("?")[0]},
    living="updated",
    of_others=None,
)
def test_a_forged_event_changes_nothing_of_what_lives(
    answers: Answers, event: dict[str, Any], living: str, of_others: Exception | None
) -> None:
    if is_the_open_one(event, living):
        return
    answers.bodies.clear()
    # S3 refuses what CloudFormation did not sign.
    answers.statuses = [403] * 20
    status, events = LIVING[living]
    world = World(answers, stack=Victim(status, events, of_others))  # type: ignore[arg-type] # a port
    world.converge = world.remove = outcomes(LookedError("changed something"))

    def give_up(*_: object) -> None:
        raise LookedError("undid something")

    world.give_up = give_up

    try:
        world.deliver(event)
    except RefusedError:
        assert answers.bodies


TEXTS = st.sampled_from(["vpc-1", "vpc-9", "true", "theirs", "", "****"])
FORMER = st.dictionaries(
    st.sampled_from([*FIRST, "UniqueName", "IntelligentTieringDays", "Another"]),
    TEXTS | st.dictionaries(st.sampled_from(["team", "x"]), TEXTS) | st.lists(TEXTS, max_size=2),
)
UPDATES = sorted(name for name, one in OPERATIONS.items() if one.request_type == "Update")


@SETTINGS
@given(name=st.sampled_from(UPDATES), made_up=FORMER)
def test_a_made_up_former_value_never_reaches_a_type(
    answers: Answers, name: str, made_up: dict[str, Any]
) -> None:
    answers.bodies.clear()
    history = OPERATIONS[name]
    told = FakeStack(
        [state("UPDATE_IN_PROGRESS")], history.newest_first, told="null", stack_id=history.stack_id
    )
    world = World(answers, stack=told)
    asked = {"ResourceProperties": history.asked, "OldResourceProperties": made_up}

    world.handle(world.event("Update", StackId=history.stack_id, **asked))

    assert world.seen[-1].old_properties == history.former


FAULTY = {"IntelligentTieringDays": "4000", "UniqueName": "ours"}


@SETTINGS
@given(made_up=FORMER)
@example(made_up=FAULTY)
def test_a_made_up_former_value_lets_no_fault_stand(
    answers: Answers, made_up: dict[str, Any]
) -> None:
    answers.bodies.clear()
    events = [
        own("CREATE_IN_PROGRESS", {"UniqueName": "ours"}),
        stack("UPDATE_IN_PROGRESS"),
        own("UPDATE_IN_PROGRESS", FAULTY),
    ]
    told = FakeStack([state("UPDATE_IN_PROGRESS")], events[::-1], told="null")
    world = World(answers, stack=told)

    def prepare(request: Request, _: Identity) -> Step:
        parse_update(BucketProperties, request.properties, request.old_properties)
        raise LookedError("let the fault stand")

    world.prepare = prepare

    world.handle(world.event("Update", ResourceProperties=FAULTY, OldResourceProperties=made_up))

    assert "IntelligentTieringDays: must be 0 to 3650" in world.answers.only["Reason"]


@SETTINGS
@given(
    name=st.sampled_from(sorted(OPERATIONS)),
    request_id=st.uuids().map(str),
    hops=st.integers(0, 5),
    noise=st.lists(
        st.sampled_from(["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE"]), max_size=3
    ),
)
def test_a_real_request_always_passes(
    answers: Answers, name: str, request_id: str, hops: int, noise: list[str]
) -> None:
    """Whatever else of the stack is told beside it, in whichever invocation it is."""
    answers.bodies.clear()
    history = OPERATIONS[name]
    others = [State(status, SIGNED, history.stack_id, of_stack=False) for status in noise]
    told = Victim(f"{history.request_type.upper()}_IN_PROGRESS", [*history.events, *others], None)
    told.resource_state = lambda *_: state(told.status)  # type: ignore[method-assign] # of nested ones
    told.events = lambda *_: iter(told.events_told[::-1])  # type: ignore[method-assign] # as above
    world = World(answers, stack=told)  # type: ignore[arg-type] # a port
    changes = {"StackId": history.stack_id, "ResourceProperties": history.asked}
    if history.request_type != "Create":
        changes["PhysicalResourceId"] = history.physical_id
    event = world.event(history.request_type, RequestId=request_id, **changes)
    ours = {"version": 1, "hops": hops, "first_seen": SIGNED, "told_at": SIGNED, "waits": {}}

    world.deliver({**event, "cfn-mlflow": ours} if hops else event)

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["RequestId"] == request_id
    assert json.dumps(world.seen[-1].properties) == json.dumps(history.asked)
