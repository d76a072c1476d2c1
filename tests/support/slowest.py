"""What took longest in a run of the tests: every run prints its slowest tests and files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pytest

MOST = 20
LEAST_SECONDS = 0.1
"""What takes less is not worth a line."""


def seconds_of_tests(reports: Iterable[object]) -> dict[str, float]:
    """Return each test's seconds, those of the fixtures that it was the first to ask included."""
    found: defaultdict[str, float] = defaultdict(float)
    for report in reports:
        if isinstance(report, pytest.TestReport):
            found[report.nodeid] += report.duration
    return found


def seconds_of_files(tests: Mapping[str, float]) -> dict[str, float]:
    """Return each file's seconds."""
    found: defaultdict[str, float] = defaultdict(float)
    for test, seconds in tests.items():
        found[test.partition("::")[0]] += seconds
    return found


def lines(seconds: Mapping[str, float]) -> Iterator[str]:
    """Give a line for each of the slowest, the slowest first."""
    slowest = sorted(seconds.items(), key=lambda item: -item[1])
    for name, taken in slowest[:MOST]:
        if taken >= LEAST_SECONDS:
            yield f"{taken:7.1f}  {name}"
