"""Bounds what CloudWatch Logs keeps in memory: the newest events of all groups together.

ministack keeps each event twice, about a kilobyte, for as long as its group is there. The journal
has all of them on disk (core/journal.py).
"""

from collections import deque
from typing import Any

from ministack.services import cloudwatch_logs

from local.emulator.core.patching import Function, replace, require

MOST_EVENTS = 100_000
"""More than one stack's tests write in an hour; about 100 MB."""

Stream = dict[str, Any]


class _Stored:
    """The batches of events in the order in which they came."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._batches: deque[tuple[Stream, int]] = deque()

    def add(self, stream: Stream, count: int) -> None:
        """Count a batch in; when there are too many events, forget the oldest tenth at once."""
        self._batches.append((stream, count))
        self._count += count
        if self._count <= self._most:
            return
        old: dict[int, tuple[Stream, int]] = {}
        while self._count > self._most * 9 // 10:
            oldest, size = self._batches.popleft()
            self._count -= size
            old[id(oldest)] = (oldest, old.get(id(oldest), (oldest, 0))[1] + size)
        for one, size in old.values():
            _forget(one, size)


def _forget(stream: Stream, count: int) -> None:
    events = stream["events"]
    for event in events[:count]:
        cloudwatch_logs._log_records.pop(event["eventId"], None)
    del events[:count]


def install(most: int = MOST_EVENTS) -> None:
    """Keep at most so many events."""
    require(cloudwatch_logs, "_log_records", "_log_events_lock")
    stored = _Stored(most)

    def bounded(append: Function) -> Function:
        def add(stream: Stream, events: list[Any]) -> None:
            append(stream, events)
            with cloudwatch_logs._log_events_lock:
                stored.add(stream, len(events))

        return add

    replace(cloudwatch_logs, "_append_log_events", bounded)
