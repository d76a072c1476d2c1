"""The audit of the lock files: an answer is told as one, and no answer as none."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.environments import ROOT
from tools import audit_dependencies as audit
from tools.audit_dependencies import Audit

LOCK = ROOT / "functions" / "requirements.txt"
STAND_IN = ROOT / "local" / "images" / "3.17.2.lock"
WELL = {"name": "six", "version": "1.17.0", "vulns": []}
ILL = {
    "name": "urllib3",
    "version": "2.8.0",
    "vulns": [{"id": "PYSEC-2030-1", "fix_versions": ["2.8.1"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "boto3", "skip_reason": "Dependency not found on PyPI"}


def read(*packages: dict[str, Any], lock: Path = LOCK) -> Audit:
    answer = json.dumps({"dependencies": packages, "fixes": []})
    return audit.read(lock, subprocess.CompletedProcess([], 0, answer, ""))


def test_given_packages_without_a_vulnerability_then_it_passes_and_counts_them() -> None:
    found = read(WELL)
    assert audit.text(found) == "functions/requirements.txt: 1 packages, 0 known vulnerabilities"
    assert audit.verdict([found], must_answer=True) == 0


def test_given_a_vulnerability_then_it_fails_and_names_the_release_that_mends_it() -> None:
    found = read(WELL, ILL)
    assert "  urllib3 2.8.0: PYSEC-2030-1, mended in 2.8.1" in audit.text(found).splitlines()
    assert audit.verdict([read(WELL), found], must_answer=False) == 1


def test_given_that_no_package_is_found_then_that_is_no_answer_and_no_pass() -> None:
    found = read(UNKNOWN, UNKNOWN)
    assert audit.text(found).startswith("functions/requirements.txt: NOT AUDITED, none of the")
    assert audit.verdict([read(WELL), found], must_answer=False) == 0
    assert audit.verdict([read(WELL), found], must_answer=True) == 3


def test_given_one_package_of_which_nothing_is_known_beside_others_then_it_fails() -> None:
    found = read(WELL, UNKNOWN)
    assert "  boto3: nothing is known of it" in audit.text(found).splitlines()
    assert audit.verdict([found], must_answer=False) == 1


@pytest.mark.parametrize(
    ("stderr", "why"),
    [
        ("INFO: asking\nERROR: Could not connect to the feed\n\n", "ERROR: Could not connect"),
        ("", "pip-audit ended with 1"),
    ],
)
def test_given_that_nobody_can_be_asked_then_the_last_word_of_pip_audit_is_told(
    stderr: str, why: str
) -> None:
    found = audit.read(LOCK, subprocess.CompletedProcess([], 1, "", stderr))
    assert f"NOT AUDITED, {why}" in audit.text(found)
    assert audit.verdict([found], must_answer=False) == 0


def test_vulnerability_of_an_image_that_is_copied_is_told_and_fails_nothing() -> None:
    found = read(WELL, ILL, lock=STAND_IN)
    assert "PYSEC-2030-1" in audit.text(found)
    assert audit.verdict([found], must_answer=True) == 0


def test_every_vulnerability_that_is_accepted_has_a_reason() -> None:
    assert all(reason.strip() for reason in audit.ACCEPTED.values())
