"""In which order the files of tests run, and what every run tells at its end."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.support import slowest
from tests.support.local_aws.running_aws import bare_aws, lab, local_aws, probe

__all__ = ["bare_aws", "lab", "local_aws", "probe"]

# How long an example takes is the machine's business.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

LONGEST_FILES = (
    "test_upgrade_faults.py",
    "test_docs_walk.py",
    "test_login_rotation.py",
    "test_demo_ends.py",
    "test_upgrades.py",
    "test_custom_mlflow.py",
    "test_parts.py",
    "test_image_starts_nowhere.py",
    "test_server_secrets.py",
    "test_schema_of_a_stack.py",
    "test_failed_create.py",
    "test_migration_races.py",
    "types/database/test_graph.py",
    "rotation/test_rotation.py",
    "types/service/test_graph.py",
    "types/service/test_upgrade.py",
    "install/test_environments.py",
    "types/bucket/test_graph.py",
    "migration/test_task.py",
    "schema_check/test_check.py",
    "types/common/test_two_teams.py",
    "template/test_lint.py",
)
"""The longest first, as a run tells them: so all workers come to their ends together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first.

    A file's own order stays: its tests may follow one stack through its life.
    """
    items.sort(key=lambda item: _place(item.path.as_posix()))


def _place(path: str) -> int:
    ends = (place for place, end in enumerate(LONGEST_FILES) if path.endswith(f"/{end}"))
    return next(ends, len(LONGEST_FILES))


SECONDS_TO_REASON = "seconds to the reason"
"""The property of a test in which a fault was told: from the request, so from before its sign."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what took longest, and how soon each fault was told: measured, asserted nowhere."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    tests = slowest.seconds_of_tests(reports)
    for title, seconds in (("tests", tests), ("files", slowest.seconds_of_files(tests))):
        told = list(slowest.lines(seconds))
        if told:
            terminalreporter.section(f"slowest {title}, in seconds")
        for line in told:
            terminalreporter.write_line(line)
    _tell_seconds_to_reason(terminalreporter)


def _tell_seconds_to_reason(terminalreporter: pytest.TerminalReporter) -> None:
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
