"""Pause and resume of Aurora Serverless v2 with a minimum capacity of 0 (Aurora User Guide).

A cluster without a user's connection for SecondsUntilAutoPause (divided by SPEED) is paused: its
PostgreSQL is stopped, its TLS front stays. The first connection, by socket or Data API, resumes it.
Until it is awake a socket is closed without a word, which clients report as EOF or "server closed
the connection unexpectedly" (terraform-aws-rds-aurora issue 476), and the Data API answers
DatabaseResumingException.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

import psycopg2

SPEED = 10
"""How many times sooner than on AWS an idle cluster is paused."""
RESUME_SECONDS = 3.0
"""How long a resume takes at least (AWS: about 15 seconds)."""
_LOOK_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Compute(Protocol):
    """The compute of one cluster, as far as pausing goes."""

    @property
    def idle_limit(self) -> float | None:
        """Seconds without connections until it pauses; None when it never does."""

    def user_connections(self) -> int:
        """Return how many connections of users there are."""

    def start_again(self) -> None:
        """Start PostgreSQL and wait until it answers."""

    def halt(self) -> None:
        """Stop PostgreSQL."""


class Sleep:
    """Whether one cluster's compute is awake, paused, or being resumed."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._lock = threading.RLock()
        self._state = "off"
        self._idle_since = time.monotonic()

    @property
    def awake(self) -> bool:
        """Whether PostgreSQL can be reached."""
        return self._state == "awake"

    @property
    def asleep(self) -> bool:
        """Whether it is paused or being resumed."""
        return self._state in {"paused", "resuming"}

    def switch(self, *, on: bool) -> None:
        """Take note that the compute was started or stopped as a whole."""
        with self._lock:
            self._state = "awake" if on else "off"
            self._idle_since = time.monotonic()

    def pause(self) -> None:
        """Pause at once; connections that are open are lost."""
        with self._lock:
            if self._state == "awake":
                self._state = "paused"
                self._compute.halt()

    def knock(self) -> bool:
        """Tell whether a connection is let in; one to paused compute begins the resume."""
        self._idle_since = time.monotonic()
        if self._state == "paused":
            with self._lock:
                if self._state == "paused":
                    self._state = "resuming"
                    threading.Thread(target=self._resume, name="resume", daemon=True).start()
        return self._state == "awake"

    def wake(self) -> None:
        """Resume, as an administrative action does, and return when it is awake."""
        while not self.knock() and self.asleep:
            time.sleep(0.05)

    def look(self) -> None:
        """Pause if nobody has been connected for long enough."""
        limit = self._compute.idle_limit
        if limit is None or not self.awake:
            return
        if self._compute.user_connections():
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since >= limit:
            self.pause()

    def _resume(self) -> None:
        end = time.monotonic() + RESUME_SECONDS
        with self._lock:
            if self._state == "resuming":
                self._compute.start_again()
        time.sleep(max(0.0, end - time.monotonic()))
        with self._lock:
            if self._state == "resuming":
                self.switch(on=True)


def watch(sleeps: Callable[[], Iterable[Sleep]]) -> None:
    """Look at all of them again and again, in the background."""

    def forever() -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            for sleep in list(sleeps()):
                try:
                    sleep.look()
                except (psycopg2.Error, LookupError):
                    _log.info("A cluster went away while it was looked at.")

    threading.Thread(target=forever, name="auto-pause", daemon=True).start()
