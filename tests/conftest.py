"""In which order the files of tests run, and how long it took to tell why what fails fails."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that two workers come to their ends together.

    A file's own order stays: its tests may follow one stack through its life.
    """
    items.sort(key=lambda item: "resources" not in item.path.parts)


SECONDS_TO_REASON = "seconds to the reason"
"""The property of a test in which a fault was told: from the request, so from before its sign."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long it took to tell each fault: measured, and asserted nowhere."""
    told = [
        (value, report.nodeid)
        for report in terminalreporter.getreports("")
        for name, value in getattr(report, "user_properties", ())
        if report.when == "teardown" and name == SECONDS_TO_REASON
    ]
    if told:
        terminalreporter.section("seconds from a request to the reason why it failed")
    for seconds, test in sorted(told, reverse=True):
        terminalreporter.write_line(f"{seconds:6.1f}  {test.rpartition('::')[2]}")
