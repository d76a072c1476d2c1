"""What a request waits for, told in the log: a line per change, and a sign of life each minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

DONE = "done"
"""The last state of what is not waited for any more."""
HEARTBEAT = 60.0
"""Seconds after which what is still waited for is told again."""


@dataclass(frozen=True)
class Wait:
    """The last state of what is waited for, and since when, in seconds since the epoch."""

    state: str
    since: float


class LogLine(Protocol):
    """Writes one line of the log: its message, and keys beside it for programs that read it."""

    def __call__(self, message: str, /, *, waits_for: str, state: str, since: str) -> None:
        """Write the line; `since` is the time of its beginning, in ISO 8601."""


class Progress:
    """Logs each change; `waits` is what an earlier invocation logged, `told_at` when it did."""

    def __init__(
        self,
        log: LogLine,
        now: Callable[[], float],
        waits: Mapping[str, Wait],
        told_at: float,
    ) -> None:
        self._log = log
        self._now = now
        self.waits = waits
        self.told_at = told_at

    def note(self, states: Mapping[str, str]) -> bool:
        """Take what is waited for now and in which state; return whether anything changed."""
        now, before = self._now(), self.waits
        self.waits = {
            what: Wait(state, before[what].since if what in before else now)
            for what, state in states.items()
        }
        over = [what for what in before if what not in states]
        new = [what for what, wait in self.waits.items() if before.get(what) != wait]
        for what in over:
            self._line(what, Wait(DONE, before[what].since))
        due = now - self.told_at >= HEARTBEAT
        for what in self.waits if due else new:
            self._line(what, self.waits[what])
        return bool(over or new)

    def states(self) -> Mapping[str, str]:
        """Return what is waited for, and in which state."""
        return {what: wait.state for what, wait in self.waits.items()}

    def _line(self, what: str, wait: Wait) -> None:
        self.told_at = self._now()
        self._log(
            f"{what}: {wait.state}, {duration(self.told_at - wait.since)}",
            waits_for=what,
            state=wait.state,
            since=datetime.fromtimestamp(wait.since, UTC).isoformat(timespec="seconds"),
        )


def duration(seconds: float) -> str:
    """Return a span of time in words, such as `3 min 20 s`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
