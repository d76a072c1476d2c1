"""The hand-off: the event by which a function invokes itself to continue a request.

A hand-off is the whole event of CloudFormation with one key added. Nothing is stored anywhere, so
nothing has to be cleaned up. Lambda may deliver a hand-off twice. Both invocations then observe
the same objects and come to the same answer. The first answer changes the resource's status, which
ends the other invocation. The request's deadline and the number of hops bound both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cfn_mlflow.cloudformation.event import Event
from cfn_mlflow.runtime.progress import Wait

KEY = "cfn-mlflow"
VERSION = 1
MOST_HOPS = 1000
"""Enough for an hour in a function with a timeout of 9 s. More hops mean a fault."""
PAYLOAD_BYTES = 1024 * 1024
"""Lambda's limit for the event of an asynchronous invocation."""


class InvokePort(Protocol):
    """The one call of Lambda that a hand-off needs."""

    def invoke(self, function_name: str, payload: bytes) -> None:
        """Invoke a function asynchronously (`lambda:InvokeFunction`, type Event).

        Raises TemporaryError if Lambda cannot take it now, PermanentError if it never will.
        """


class TooLargeError(Exception):
    """The hand-off is larger than the events that Lambda accepts."""


@dataclass(frozen=True)
class Carried:
    """What one invocation passes to the next, with times in seconds since the epoch.

    `first_seen` is when the first invocation got the request. `told_at` is when the last line of
    progress was logged. `hops` counts the hand-offs so far.
    """

    first_seen: float
    told_at: float
    hops: int = 0
    waits: Mapping[str, Wait] = field(default_factory=dict)


def unpack(event: object, now: float) -> tuple[object, Carried]:
    """Return the event as CloudFormation sent it, and what the previous invocation passed on.

    `now` is in seconds since the epoch. `hops` and the times are read in every version, because
    they bound the request. The waits are read in the known version only. A hand-off of another
    version, or of a stranger, can therefore do no harm beyond that.
    """
    if not isinstance(event, Mapping) or KEY not in event:
        return event, Carried(now, now)
    bare = {key: value for key, value in event.items() if key != KEY}
    carried = event[KEY] if isinstance(event[KEY], Mapping) else {}
    return bare, Carried(
        first_seen=min(_number(carried.get("first_seen"), now), now),
        told_at=min(_number(carried.get("told_at"), now), now),
        hops=max(int(_number(carried.get("hops"), 0)), 0),
        waits=_waits(carried.get("waits"), now) if carried.get("version") == VERSION else {},
    )


def pack(event: Event, carried: Carried) -> bytes:
    """Return the hand-off as JSON bytes. Raises TooLargeError above Lambda's limit."""
    ours = {
        "version": VERSION,
        "hops": carried.hops + 1,
        "first_seen": carried.first_seen,
        "told_at": carried.told_at,
        "waits": {
            what: [wait.state, wait.since, wait.state_since] for what, wait in carried.waits.items()
        },
    }
    payload = json.dumps({**event, KEY: ours}, ensure_ascii=False).encode("utf-8", "replace")
    if len(payload) > PAYLOAD_BYTES:
        raise TooLargeError(f"{len(payload)} bytes, and Lambda takes {PAYLOAD_BYTES}")
    return payload


def _waits(value: Any, now: float) -> Mapping[str, Wait]:
    entries = value.items() if isinstance(value, Mapping) else ()
    return {
        str(what): _wait(entry, now)
        for what, entry in entries
        if isinstance(entry, list) and len(entry) in (2, 3)
    }


def _wait(entry: list[Any], now: float) -> Wait:
    """Return a wait. An older function does not say since when a state lasts: since now."""
    state, since, state_since = entry if len(entry) == 3 else (*entry, now)
    return Wait(str(state), min(_number(since, now), now), min(_number(state_since, now), now))


def _number(value: object, otherwise: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return float(value)
    return otherwise
