"""How a request outlives an invocation: the function invokes itself once, with what it knows.

The event goes along whole, with one key of ours. Nothing is stored, so nothing is left behind.
Delivered twice, a hand-off makes two invocations that look at the same world and answer the same;
the first answer changes the resource's status, at which the other ends. Both are bounded by the
request's deadline and by the number of hops.
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
"""Enough for an hour in a function of 9 s; what moves faster than that is broken."""
PAYLOAD_BYTES = 1024 * 1024
"""Lambda's limit for the event of an asynchronous invocation."""


class InvokePort(Protocol):
    """What the protocol asks of Lambda."""

    def invoke(self, function_name: str, payload: bytes) -> None:
        """Invoke a function asynchronously (`lambda:InvokeFunction`, type Event).

        Raises TemporaryError if Lambda cannot take it now, PermanentError if it never will.
        """


class TooLargeError(Exception):
    """The hand-off is larger than Lambda takes."""


@dataclass(frozen=True)
class Carried:
    """What one invocation tells the next; first_seen and told_at in seconds since the epoch."""

    first_seen: float
    told_at: float
    hops: int = 0
    waits: Mapping[str, Wait] = field(default_factory=dict)


def unpack(event: object, now: float) -> tuple[object, Carried]:
    """Return the event as CloudFormation sent it, and what an earlier invocation carried along.

    `hops` and `first_seen` are read whatever the version, for they are the bounds; the rest only
    if the version is known. What another version or a stranger wrote can cost no more than that.
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
    """Return the event of the next invocation. Raises TooLargeError above Lambda's limit."""
    ours = {
        "version": VERSION,
        "hops": carried.hops + 1,
        "first_seen": carried.first_seen,
        "told_at": carried.told_at,
        "waits": {what: [wait.state, wait.since] for what, wait in carried.waits.items()},
    }
    payload = json.dumps({**event, KEY: ours}, ensure_ascii=False).encode("utf-8", "replace")
    if len(payload) > PAYLOAD_BYTES:
        raise TooLargeError(f"{len(payload)} bytes, and Lambda takes {PAYLOAD_BYTES}")
    return payload


def _waits(value: Any, now: float) -> Mapping[str, Wait]:
    entries = value.items() if isinstance(value, Mapping) else ()
    return {
        str(what): Wait(str(entry[0]), min(_number(entry[1], now), now))
        for what, entry in entries
        if isinstance(entry, list) and len(entry) == 2
    }


def _number(value: object, otherwise: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return float(value)
    return otherwise
