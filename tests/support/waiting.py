"""Waiting for what comes about by itself: as long as a busy machine needs, and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 600
"""Nothing takes so long, not on a machine that has a quarter of its speed left for it."""

Read = TypeVar("Read")


def until(
    read: Callable[[], Read],
    holds: Callable[[Read], object] = bool,
    what: str = "it",
    *,
    seconds: float = PATIENCE_SECONDS,
    pause: float = 0.1,
) -> Read:
    """Read again and again until it `holds`, and return what was read last.

    Raises TimeoutError with `what` was waited for and what was read instead.
    """
    end = time.monotonic() + seconds
    while not holds(value := read()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}: still {value!r}")
        time.sleep(pause)
    return value
