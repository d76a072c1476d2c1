"""What the demo says of each step: its name, how long so far, what it showed, the time it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.text import Text

from cfn_mlflow_watch.times import duration


@dataclass
class Report:
    """The steps so far, of `steps` in all: what each showed and how many seconds it took."""

    steps: int
    rows: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, title: str, *, doing: str = "") -> Iterator[list[str]]:
        """Time a step; what it appends to the list is what it showed.

        `doing` is what a terminal shows meanwhile, for a step that shows nothing by itself.
        """
        print(f"\n== {len(self.rows) + 1} of {self.steps}: {title}", flush=True)
        shown: list[str] = []
        started = time.monotonic()
        with _ticking(doing):
            yield shown
        seconds = time.monotonic() - started
        self.rows.append((title, seconds))
        for line in shown:
            print(f"   {line}", flush=True)

    def table(self) -> str:
        """Return the steps with their times as a table for a terminal."""
        width = max(len(title) for title, _ in self.rows)
        total = sum(seconds for _, seconds in self.rows)
        lines = [f"  {title:<{width}}  {seconds:6.1f} s" for title, seconds in self.rows]
        return "\n".join(["Shown:", *lines, f"  {'all of it':<{width}}  {total:6.1f} s"])


@contextmanager
def _ticking(doing: str) -> Iterator[None]:
    """Show in a terminal how long it has been; a pipe needs no sign of life."""
    console = Console(file=sys.stdout, highlight=False)
    if not doing or not console.is_terminal or console.is_dumb_terminal:
        yield
        return
    started = time.monotonic()

    def line() -> Text:
        return Text(f"   {doing}: {duration(time.monotonic() - started)} so far", "dim")

    with Live(console=console, get_renderable=line, refresh_per_second=2, transient=True):
        yield
