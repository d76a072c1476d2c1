"""What the demo shows at its end: each thing shown, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Report:
    """The steps so far: what each showed and how many seconds it took."""

    rows: list[tuple[str, str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """Time a step; what it appends to the list is what it showed."""
        print(f"\n== {title}", flush=True)
        shown: list[str] = []
        started = time.monotonic()
        yield shown
        self.rows.append((title, "; ".join(shown), time.monotonic() - started))
        for line in shown:
            print(f"   {line}", flush=True)

    def table(self) -> str:
        """Return the rows as a table for a terminal."""
        width = max(len(title) for title, _, _ in self.rows)
        total = sum(seconds for _, _, seconds in self.rows)
        lines = [
            f"{title:<{width}}  {seconds:6.1f} s  {shown}" for title, shown, seconds in self.rows
        ]
        return "\n".join([*lines, f"{'all':<{width}}  {total:6.1f} s"])
