"""The one event loop on which all sockets of the data plane are served, in a thread of its own.

ministack has a loop too, on which some of its handlers block; no byte of a user's request may wait
for those.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class EventLoop:
    """A running event loop in a daemon thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name=name, daemon=True).start()

    def call(self, work: Coroutine[Any, Any, Result], seconds: float = 300) -> Result:
        """Run `work` on the loop from another thread and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start `work` on the loop and return at once."""
        asyncio.run_coroutine_threadsafe(work, self._loop)
