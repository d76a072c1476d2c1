"""The sessions that the Data API keeps open and uses again, as AWS's does.

A call takes an idle session of its secret and database, whatever the secret holds by then. So what
a session began with outlives `ALTER ROLE ... SET` and `ALTER ROLE ... PASSWORD`. How long AWS keeps
one is not documented; an idle one is closed here after `IDLE_SECONDS`, and until then it keeps its
cluster awake, as an idle session of any client does.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

IDLE_SECONDS = 15.0
_LOOK_SECONDS = 1.0

Key = tuple[str, str, str]
"""The server's address, the secret and the database."""


@dataclass(frozen=True)
class _Idle:
    session: Any
    since: float


class Sessions:
    """All idle sessions; one that is taken belongs to its taker until it is given back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Key, list[_Idle]] = {}

    def take(self, key: Key, connect: Callable[[], Any]) -> Any:
        """Return an idle session that still answers, or a new one."""
        while True:
            with self._lock:
                idle = self._idle.get(key)
                session = idle.pop().session if idle else None
            if session is None:
                return connect()
            if _answers(session):
                return session
            session.close()

    def give_back(self, key: Key, session: Any) -> None:
        """Keep a session for the next call, unless it is broken or within a transaction."""
        if session.closed or session.info.transaction_status != TRANSACTION_STATUS_IDLE:
            session.close()
            return
        with self._lock:
            self._idle.setdefault(key, []).append(_Idle(session, time.monotonic()))

    def close_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """Close the sessions that nobody has used for so long."""
        oldest = time.monotonic() - seconds
        with self._lock:
            gone = [one for idle in self._idle.values() for one in idle if one.since <= oldest]
            kept = {key: [o for o in idle if o.since > oldest] for key, idle in self._idle.items()}
            self._idle = {key: idle for key, idle in kept.items() if idle}
        for one in gone:
            one.session.close()

    def watch(self) -> None:
        """Close idle sessions in the background, for ever."""

        def forever() -> None:
            while True:
                time.sleep(_LOOK_SECONDS)
                self.close_idle()

        threading.Thread(target=forever, name="data-api-sessions", daemon=True).start()


def _answers(session: Any) -> bool:
    try:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True
