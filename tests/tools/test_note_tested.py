"""Given the results of the long tests, then the page tells each one's end and figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.note_tested import page, read

RESULTS = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2026-01-31T23:59:58.123+00:00">
<testcase classname="tests.lifecycle.test_logins" name="test_five_rotations_lose_no_request"
 time="601.6"><properties><property name="metrics sent" value="30001"/></properties></testcase>
<testcase classname="tests.unit.test_scram" name="test_any_password_enters[a|b]" time="0.4">
<failure message="assert False">told at length</failure></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def written(tmp_path: Path) -> str:
    """The page of these results."""
    results = tmp_path / "tested.xml"
    results.write_text(RESULTS)
    day, tests = read(results)
    return page(day, "4f6ba24698", "2 cores", tests)


def test_the_page_names_the_day_and_the_commit_of_the_run(written: str) -> None:
    assert "on 2026-01-31, at commit 4f6ba24698: 2 cores." in written
    assert "2 tests took 10 minutes" in written


def test_a_test_has_a_row_with_its_end_its_seconds_and_its_figures(written: str) -> None:
    row = "| test_logins: five rotations lose no request | passed | 602 | metrics sent 30001 |"
    assert row in written.splitlines()


def test_a_test_that_failed_is_told_as_failed(written: str) -> None:
    row = "| test_scram: any password enters[a\\|b] | failure | 0 |  |"
    assert row in written.splitlines()
