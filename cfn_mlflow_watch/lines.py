"""The view for a pipe: a line for everything, as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

from cfn_mlflow_watch.causes import plain
from cfn_mlflow_watch.follow import outputs_of
from cfn_mlflow_watch.items import Began, Cause, Ended, Event, Item, Line, Stack
from cfn_mlflow_watch.times import duration

STATUS_WIDTH = len("UPDATE_ROLLBACK_IN_PROGRESS")
INDENT = " " * 10


class Lines:
    """Writes each item in words; `endpoint` is told if it is not AWS's own."""

    def __init__(self, out: TextIO, endpoint: str = "") -> None:
        self._out, self._endpoint = out, endpoint

    def show(self, item: Item) -> None:
        """Write one item."""
        for line in words(item, self._endpoint):
            print(line, file=self._out, flush=True)

    def close(self) -> None:
        """Do nothing: every line is out."""


def words(item: Item, endpoint: str = "") -> Iterator[str]:
    """Give the lines that tell an item."""
    if isinstance(item, Began):
        yield header(item, endpoint)
    elif isinstance(item, Event):
        yield f"{clock(item.time)}  {event(item)}"
    elif isinstance(item, Line):
        yield f"{clock(item.time)}    {item.path}: {item.message}"
        yield from (f"{INDENT}    - {fault}" for fault in item.faults)
    elif isinstance(item, Ended):
        yield from end(item, endpoint)
    else:
        yield item.words


def header(began: Began, endpoint: str) -> str:
    """Return what is watched, and where."""
    where = place(began.stack, endpoint)
    return f"{began.stack.name}: {began.operation}, in {where}, since {clock(began.time)}"


def place(stack: Stack, endpoint: str) -> str:
    """Return the account and Region of a stack, and the endpoint if it is not AWS's own."""
    at = f" at {endpoint}" if endpoint else ""
    return f"account {stack.account}, {stack.region}{at}"


def event(item: Event) -> str:
    """Return an event without its time: status, path, type, reason."""
    reason = f"  {plain(item.reason)}" if item.reason else ""
    return f"{item.status:<{STATUS_WIDTH}}  {item.path}  ({item.type}){reason}"


def end(ended: Ended, endpoint: str = "") -> Iterator[str]:
    """Give how it ended: the outputs, or the causes with the next step."""
    stack = ended.stack
    if ended.at_rest:
        yield f"{stack.name}: at rest, in {place(stack, endpoint)}"
    yield ""
    yield f"{stack.name} is {stack.status} after {duration(ended.seconds)}, {day(ended.time)}."
    if ended.succeeded:
        outputs = outputs_of(ended)
        width = max(map(len, outputs), default=0)
        yield from (f"  {name:<{width}}  {value}" for name, value in outputs.items())
        return
    for number, cause in enumerate(ended.causes):
        yield from because(cause, "Cause" if not number else "Then")
    if ended.next_step:
        yield f"Next:  {ended.next_step}"


def because(cause: Cause, word: str) -> Iterator[str]:
    """Give one cause, and the log that has the rest."""
    yield f"{word + ':':<6} {cause.path} ({cause.type}): {cause.reason or 'no reason was given'}"
    yield from (f"       - {fault}" for fault in cause.faults)
    if cause.log_group:
        yield f"       its log: {cause.log_group}"


def clock(time: datetime) -> str:
    """Return the time of day here."""
    return time.astimezone().strftime("%H:%M:%S")


def day(time: datetime) -> str:
    """Return day and time of day here."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
