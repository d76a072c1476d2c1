"""Spans of time in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a span of time in words, such as `3 min 20 s`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
