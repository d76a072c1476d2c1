"""The function dies between two calls to AWS: at each of them in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cfn_mlflow.aws.core import session

MOST_WRITES = 150

READS = ("Describe", "Get", "List", "Head")


class Killed(BaseException):
    """The function is gone, right after a call that AWS has carried out."""


@dataclass
class Calls:
    """The calls that were made, by operation, and behind which one the function dies."""

    made: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    last: int | None = None
    last_write: int | None = None
    _sql: str = ""

    def note_sql(self, params: Mapping[str, Any]) -> None:
        """Remember the statement that is about to run."""
        self._sql = params["sql"]

    def note(self, model: Any) -> None:
        """Count a call that AWS has answered, and die if it was the last."""
        self.made.append(model.name)
        if self._is_write(model.name):
            self.writes.append(model.name)
        if len(self.made) == self.last or len(self.writes) == self.last_write:
            raise Killed

    def _is_write(self, name: str) -> bool:
        if name == "ExecuteStatement":
            return not self._sql.strip().startswith("SELECT")
        return not name.startswith(READS)


@contextmanager
def watched(last: int | None = None, last_write: int | None = None) -> Iterator[Calls]:
    """Count the calls of the product's clients in the block, and die behind the last one."""
    _listen()
    calls = Calls(last=last, last_write=last_write)
    _watching.append(calls)
    try:
        yield calls
    finally:
        _watching.remove(calls)


_watching: list[Calls] = []
_heard: list[Any] = []


def _listen() -> None:
    """Hear every call of the product's session, once: to make all clients anew takes a second."""
    if session._session() in _heard:
        return
    _heard[:] = [session._session()]
    events = session._session().events
    events.register("provide-client-params.rds-data.ExecuteStatement", _note_sql)
    events.register("after-call.*", _note)
    session.own_client.cache_clear()  # a client knows the events of when it was made


def _note_sql(params: Mapping[str, Any], **_: Any) -> None:
    for calls in tuple(_watching):
        calls.note_sql(params)


def _note(model: Any, **_: Any) -> None:
    for calls in tuple(_watching):
        calls.note(model)


def killed_after_each_call(run: Callable[[], object], fresh: Callable[[], object]) -> Iterator[int]:
    """Yield for each call that a `run` makes, after a fresh start and a run that died behind it.

    What follows in the caller's loop is the next invocation, which begins with nothing but AWS.
    """
    fresh()
    with watched() as calls:
        run()
    for last in range(1, len(calls.made) + 1):
        fresh()
        with watched(last):
            try:
                run()
            except Killed:
                pass
            else:
                raise AssertionError(f"the function was to die after call {last}")
        yield last


def dying_behind_every_write(run: Callable[[], object]) -> list[str]:
    """Run again and again, each time to die behind the first write, until a run makes none.

    So every state that a killed function can leave is one that another begins with. Returns the
    writes, in order.
    """
    writes: list[str] = []
    while len(writes) < MOST_WRITES:
        with watched(last_write=1) as calls:
            try:
                run()
            except Killed:
                writes += calls.writes
            else:
                return writes
    raise AssertionError(f"there is no end of writes: {', '.join(writes[-20:])}")
