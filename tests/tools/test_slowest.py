"""Given the reports of a run, then its slowest tests and files are told, the slowest first."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.conftest import LONGEST_FILES
from tests.support.slowest import lines, seconds_of_files, seconds_of_tests

Phase = Literal["setup", "call", "teardown"]


def report(test: str, when: Phase, duration: float) -> pytest.TestReport:
    """Return a report as pytest makes one for each phase of a test."""
    return pytest.TestReport(test, ("", None, ""), {}, "passed", None, when, duration=duration)


REPORTS = [
    report("tests/test_a.py::test_quick", "call", 0.01),
    report("tests/test_a.py::test_slow", "setup", 2.0),
    report("tests/test_a.py::test_slow", "call", 1.5),
    report("tests/test_b.py::test_slower", "call", 3.0),
    report("tests/test_b.py::test_slower", "teardown", 1.0),
]


def test_a_tests_seconds_are_those_of_its_fixtures_too() -> None:
    told = list(lines(seconds_of_tests(REPORTS)))
    assert [line.split() for line in told] == [
        ["4.0", "tests/test_b.py::test_slower"],
        ["3.5", "tests/test_a.py::test_slow"],
    ]


def test_a_files_seconds_are_those_of_its_tests() -> None:
    told = list(lines(seconds_of_files(seconds_of_tests(REPORTS))))
    assert [line.split() for line in told] == [
        ["4.0", "tests/test_b.py"],
        ["3.5", "tests/test_a.py"],
    ]


def test_what_is_no_report_of_a_test_is_left_out() -> None:
    assert seconds_of_tests(["a warning", report("test_a.py::test", "call", 1.0)]) == {
        "test_a.py::test": 1.0
    }


def test_every_file_that_goes_first_is_there() -> None:
    tests = Path(__file__).parents[1]
    assert not [name for name in LONGEST_FILES if not list(tests.rglob(name))]


def test_of_many_only_the_slowest_are_told() -> None:
    assert len(list(lines({f"test_{number}": 1.0 for number in range(50)}))) == 20
