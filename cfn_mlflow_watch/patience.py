"""How a watch that has begun bears it that AWS refuses for a while, or is not reached."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from cfn_mlflow_watch.errors import is_passing
from cfn_mlflow_watch.items import Notice

LONGEST_PAUSE = 30.0

Answer = TypeVar("Answer")


@dataclass
class Patience:
    """Asks again for up to `seconds` in all, with a longer pause each time."""

    seconds: float
    pause: float
    sleep: Callable[[float], None]

    def answer(self, ask: Callable[[], Answer]) -> Generator[Notice, None, Answer]:
        """Return AWS's answer; say once that it is waited for.

        Raises what does not pass by itself, and what lasts too long.
        """
        pause, refused_for = self.pause, 0.0
        while True:
            try:
                return ask()
            except Exception as error:
                if not is_passing(error) or refused_for >= self.seconds:
                    raise
                if not refused_for:
                    yield Notice(f"AWS does not answer now ({error}): looking again.")
                self.sleep(pause)
                refused_for += pause
                pause = min(pause * 2, LONGEST_PAUSE)
