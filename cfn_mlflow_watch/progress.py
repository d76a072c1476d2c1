"""What is in progress at this moment: each resource that changes, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cfn_mlflow_watch.items import Began, Event, Item, Line, Wait
from cfn_mlflow_watch.statuses import is_in_progress


@dataclass
class Changing:
    """A resource that changes: since when, and its waits in the order in which they began."""

    path: str
    type: str
    status: str
    since: datetime
    waits: dict[str, Wait] = field(default_factory=dict)


@dataclass
class Progress:
    """Takes every item; holds what has begun and not ended."""

    began: Began | None = None
    status: str = ""
    changing: dict[tuple[str, str], Changing] = field(default_factory=dict)

    def take(self, item: Item) -> None:
        """Take one item into account."""
        if isinstance(item, Began):
            self.began, self.status = item, item.stack.status
        elif isinstance(item, Event):
            self._event(item)
        elif isinstance(item, Line) and item.wait:
            self._wait(item, item.wait)

    def _event(self, event: Event) -> None:
        if event.is_of_stack:
            self.status = event.status
            return
        key = (event.stack_id, event.logical_id)
        if not is_in_progress(event.status):
            self.changing.pop(key, None)
            return
        known = self.changing.get(key)
        if known is None or known.status != event.status:
            self.changing[key] = Changing(event.path, event.type, event.status, event.time)

    def _wait(self, line: Line, wait: Wait) -> None:
        resource = self.changing.get((line.stack_id, line.logical_id))
        if resource is None:
            return
        if wait.is_over:
            resource.waits.pop(wait.what, None)
        else:
            resource.waits[wait.what] = wait
