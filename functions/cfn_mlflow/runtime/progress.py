"""Log what a request waits for: a line for each change, and at least one line a minute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

DONE = "done"
"""The state that is logged when a wait is over."""
HEARTBEAT = 60.0
"""Seconds after which unchanged waits are logged again."""


@dataclass(frozen=True)
class Wait:
    """The last state of an object that a request waits for.

    `since` is when the wait began, `state_since` when it came to this state, in seconds since the
    epoch.
    """

    state: str
    since: float
    state_since: float


class LogLine(Protocol):
    """Writes one line of the log: a message, and keys for programs that read the log."""

    def __call__(self, message: str, /, *, waits_for: str, state: str, since: str) -> None:
        """Write the line; `since` is when the wait began, in ISO 8601."""


class Progress:
    """Logs each change of what a request waits for.

    `waits` are those that the previous invocation logged. `told_at` is when it logged the last one,
    in seconds since the epoch.
    """

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
        """Log the changes since the last call; return whether anything changed.

        `states` has the state of each object that the request waits for now.
        """
        now, before = self._now(), self.waits
        self.waits = {
            what: _waits_on(before.get(what), state, now) for what, state in states.items()
        }
        over = [what for what in before if what not in states]
        new = [what for what, wait in self.waits.items() if before.get(what) != wait]
        for what in over:
            self._line(what, Wait(DONE, before[what].since, now))
        due = now - self.told_at >= HEARTBEAT
        for what in self.waits if due else new:
            self._line(what, self.waits[what])
        return bool(over or new)

    def states(self) -> Mapping[str, str]:
        """Return the state of each object that the request waits for."""
        return {what: wait.state for what, wait in self.waits.items()}

    def _line(self, what: str, wait: Wait) -> None:
        self.told_at = self._now()
        self._log(
            f"{what}: {wait.state}, {duration(self.told_at - wait.since)}",
            waits_for=what,
            state=wait.state,
            since=datetime.fromtimestamp(wait.since, UTC).isoformat(timespec="seconds"),
        )


def _waits_on(before: Wait | None, state: str, now: float) -> Wait:
    if before is None:
        return Wait(state, now, now)
    return before if before.state == state else Wait(state, before.since, now)


def duration(seconds: float) -> str:
    """Return a number of seconds as text, such as `3 min 20 s`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
