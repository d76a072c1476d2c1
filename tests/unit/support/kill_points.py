"""The function dies between two calls to AWS: at each of them in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cfn_mlflow.aws import session

READS = ("Describe", "Get", "List", "Head")


class Killed(BaseException):
    """The function is gone, right after a call that AWS has carried out."""


@dataclass
class Calls:
    """The calls that were made, by operation, and after which one the function dies."""

    made: list[str] = field(default_factory=list)
    last: int | None = None

    @property
    def writes(self) -> list[str]:
        """Return the calls that change something; SQL is counted by those who run it."""
        return [
            name for name in self.made if not name.startswith(READS) and name != "ExecuteStatement"
        ]

    def note(self, model: Any, **_: Any) -> None:
        """Count a call that AWS has answered, and die if it was the last."""
        self.made.append(model.name)
        if self.last is not None and len(self.made) >= self.last:
            raise Killed


@contextmanager
def watched(last: int | None = None) -> Iterator[Calls]:
    """Count the calls of the product's clients in the block, and die after the `last` one."""
    calls = Calls(last=last)
    session.forget_clients()
    made = session._session()
    made.events.register("after-call.*", calls.note)
    try:
        yield calls
    finally:
        session.forget_clients()


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
