"""The view for a terminal: events scroll by, above a block of what is in progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from rich.console import Console
from rich.live import Live as RichLive
from rich.text import Text

from cfn_mlflow_watch import lines
from cfn_mlflow_watch.items import Began, Ended, Event, Item, Line
from cfn_mlflow_watch.progress import Changing, Progress
from cfn_mlflow_watch.statuses import is_in_progress
from cfn_mlflow_watch.times import duration

ROWS_KEPT_FREE = 4
"""Rows of the terminal that the block leaves to what scrolls above it."""
LOOKS_A_SECOND = 2

_GOOD, _BAD, _BUSY, _QUIET = "green", "bold red", "yellow", "dim"


def _now() -> datetime:
    return datetime.now(UTC)


class Terminal:
    """Shows items on a console; what begins is in the block, what ends scrolls by."""

    def __init__(
        self, console: Console, endpoint: str = "", now: Callable[[], datetime] = _now
    ) -> None:
        self._console, self._endpoint, self._now = console, endpoint, now
        self._progress = Progress()
        self._live = RichLive(
            console=console,
            get_renderable=self.block,
            refresh_per_second=LOOKS_A_SECOND,
            transient=True,
        )

    def show(self, item: Item) -> None:
        """Show one item."""
        self._progress.take(item)
        if isinstance(item, Began):
            self._live.start()
        if isinstance(item, Ended):
            self.close()
        if _is_in_the_block(item):
            return
        for text in _styled(item, self._endpoint):
            # The terminal itself wraps: what is copied from it then has no line ends of ours.
            self._console.print(text, soft_wrap=True)

    def close(self) -> None:
        """Take the block away."""
        self._live.stop()

    def block(self) -> Text:
        """Return what is in progress, in as many rows as the terminal has room for."""
        rows = list(self._rows())
        room = max(self._console.height - ROWS_KEPT_FREE, 2)
        if len(rows) > room:
            rows = [*rows[: room - 1], Text(f"  and {len(rows) - room + 1} more", _QUIET)]
        for row in rows:
            row.truncate(self._console.width, overflow="ellipsis")
        return Text("\n").join(rows)

    def _rows(self) -> Iterator[Text]:
        began = self._progress.began
        if began is None:
            return
        took = self._age(began.time)
        yield Text()
        yield Text(f"{began.stack.name}  {self._progress.status}  {took}", "bold")
        resources = sorted(self._progress.changing.values(), key=lambda one: not one.waits)
        for resource in resources:
            yield from self._of(resource)

    def _of(self, resource: Changing) -> Iterator[Text]:
        head = f"  {resource.path} ({resource.type})  {self._age(resource.since)}"
        yield Text(head, _BUSY)
        width = max((len(what) for what in resource.waits), default=0)
        for what, wait in resource.waits.items():
            yield Text(f"    {what:<{width}}  {self._age(wait.since):>9}  {wait.state}")

    def _age(self, since: datetime) -> str:
        return duration((self._now() - since).total_seconds())


def _is_in_the_block(item: Item) -> bool:
    if isinstance(item, Line):
        return item.wait is not None and not item.wait.is_over
    return isinstance(item, Event) and not item.is_of_stack and is_in_progress(item.status)


def _styled(item: Item, endpoint: str) -> Iterator[Text]:
    style = _style(item)
    for line in lines.words(item, endpoint):
        yield Text(line, style)


def _style(item: Item) -> str:
    if isinstance(item, Ended):
        return _GOOD if item.succeeded else _BAD
    status = item.status if isinstance(item, Event) else ""
    level = item.level if isinstance(item, Line) else ""
    if status.endswith("_FAILED") or level in ("ERROR", "CRITICAL"):
        return _BAD
    if "ROLLBACK" in status or level == "WARNING":
        return _BUSY
    return _GOOD if status.endswith("_COMPLETE") else ""
