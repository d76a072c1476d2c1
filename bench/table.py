"""What was measured, row by row: for a terminal, and as the page that is kept."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

HEAD = ("what", "budget", "ours", "instead", "held")


@dataclass(frozen=True)
class Row:
    """One measurement beside its budget; `held` is None where there is no budget to hold."""

    what: str
    budget: str
    ours: str
    instead: str
    held: bool | None = None

    def cells(self) -> tuple[str, ...]:
        held = {True: "yes", False: "NO", None: ""}[self.held]
        return (self.what, self.budget, self.ours, self.instead, held)


@dataclass(frozen=True)
class Section:
    """What one subject came to: its rows, and what must be known to read them."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()


def text(sections: Sequence[Section]) -> str:
    """Return all rows as one table for a terminal, each section's notes below it."""
    widths = [
        max(len(cells[column]) for cells in [HEAD, *_all_cells(sections)])
        for column in range(len(HEAD))
    ]

    def line(cells: Sequence[str]) -> str:
        padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
        return "  ".join(padded).rstrip()

    lines = [line(HEAD), line(["-" * width for width in widths])]
    for section in sections:
        lines += [line(row.cells()) for row in section.rows]
    for section in sections:
        lines += ["", f"{section.title}:", *(f"  {note}" for note in section.notes)]
    return "\n".join(lines)


def page(sections: Sequence[Section]) -> str:
    """Return the page bench/results.md."""
    lines = [
        "# Measured against the budgets",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine()}.",
        "Times depend on the machine and on what else it does; processor times, counts and sizes "
        "hardly do.",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", _markdown(HEAD), _markdown(["---"] * len(HEAD))]
        lines += [_markdown(row.cells()) for row in section.rows]
        lines += ["", *(f"- {note}" for note in section.notes)] if section.notes else []
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Return what matters of this machine: cores, memory, processor kind, Python."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores, {gigabytes:.0f} GB, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def _all_cells(sections: Sequence[Section]) -> list[tuple[str, ...]]:
    return [row.cells() for section in sections for row in section.rows]


def _markdown(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
