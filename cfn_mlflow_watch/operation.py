"""One operation of a stack: its events so far, in it and in its nested stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cfn_mlflow_watch.cloudformation import CloudFormation
from cfn_mlflow_watch.items import Event, Stack
from cfn_mlflow_watch.statuses import CREATE, begins, is_in_progress


@dataclass(frozen=True)
class _Part:
    """A stack whose events belong to the operation: the watched one, or one nested in it."""

    stack_id: str
    path: str


@dataclass
class Operation:
    """The last operation of a stack; `new` reads on, from where it had read."""

    reader: CloudFormation
    stack: Stack
    kind: str = CREATE
    began: datetime = field(default_factory=lambda: datetime.max)
    events: list[Event] = field(default_factory=list)
    _parts: list[_Part] = field(default_factory=list)
    _over: set[str] = field(default_factory=set)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    """By stack too: the id of a resource's event holds only its logical id, status and time."""

    @classmethod
    def last_of(cls, reader: CloudFormation, stack: Stack) -> Operation:
        """Find where the last operation of the stack began; read nothing further yet."""
        operation = cls(reader, stack)
        for event, kind in _from_the_newest(reader, stack.id):
            operation.began = event.time
            if kind:
                operation.kind = kind
                break
        operation._parts.append(_Part(stack.id, ""))
        return operation

    @property
    def is_over(self) -> bool:
        """Tell whether the events so far say that the operation has ended."""
        of_stack = [event.status for event in self.events if event.is_of_stack]
        return bool(of_stack) and not is_in_progress(of_stack[-1])

    def new(self, show: Callable[[Event], None]) -> None:
        """Pass every event on that was not passed before, stack by stack from old to new."""
        for part in self._parts:  # it grows while nested stacks are found
            if part.stack_id in self._over:
                continue
            fresh = self._fresh(part)
            for event in fresh:
                self._take(event, show)
            of_stack = [event.status for event in fresh if event.is_of_stack]
            if part.path and of_stack and not is_in_progress(of_stack[-1]):
                self._over.add(part.stack_id)

    def _fresh(self, part: _Part) -> list[Event]:
        found = []
        for event in self.reader.newest_first(part.stack_id, part.path):
            if (event.stack_id, event.id) in self._seen or event.time < self.began:
                break
            found.append(event)
        return found[::-1]

    def _take(self, event: Event, show: Callable[[Event], None]) -> None:
        self._seen.add((event.stack_id, event.id))
        if event.is_nested_stack:
            self._follow(event)
        if event.is_of_stack and event.stack_id != self.stack.id:
            return  # the stack around it tells the same of it
        self.events.append(event)
        show(event)

    def _follow(self, event: Event) -> None:
        """Read a nested stack from now on: each time that it begins to change."""
        if not event.physical_id.startswith("arn:"):
            return
        part = _Part(event.physical_id, event.path)
        if part not in self._parts:
            self._parts.append(part)
        elif is_in_progress(event.status):
            self._over.discard(part.stack_id)


def _from_the_newest(reader: CloudFormation, stack_id: str) -> Iterator[tuple[Event, str | None]]:
    """Give the events of the stack itself from the newest back, each with what it began."""
    later: Event | None = None
    for event in reader.newest_first(stack_id):
        if not event.is_of_stack:
            continue
        if later is not None:
            yield later, begins(later.status, event.status)
        later = event
    if later is not None:
        yield later, begins(later.status, None)
