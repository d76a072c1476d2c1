"""What checkov and parliament, which run in an environment of their own, say of our policies."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from local.environments import ROOT
from tools import scanner_environments

PATIENCE_SECONDS = 600


class Finding(NamedTuple):
    """A finding of parliament; the statement is empty where it is of the whole policy."""

    policy: str
    sid: str
    id: str
    detail: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """Return where it was found, without its words."""
        return self.policy, self.sid, self.id


def linted(documents: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Return what parliament finds in documents."""
    argv = [str(scanner_environments.scanners()), str(ROOT / "tools" / "lint_policies.py")]
    return [Finding(**found) for found in json.loads(_run(argv, json.dumps(documents)))]


def checked(*templates: Path) -> list[tuple[str, str]]:
    """Return which checks fail on which resources of CloudFormation templates, by checkov.

    Raises AssertionError where it has not read one of them.
    """
    checkov = scanner_environments.scanners().with_name("checkov")
    argv = [str(checkov), "--framework", "cloudformation", "--skip-download", "--quiet"]
    argv += ["--output", "json", "--soft-fail"]
    argv += [word for template in templates for word in ("--file", str(template))]
    found = json.loads(_run(argv))
    assert found["summary"]["parsing_errors"] == 0, found["summary"]
    assert found["summary"]["resource_count"] > 0, found["summary"]
    failed = found["results"]["failed_checks"]
    return [(one["check_id"], str(one["resource"]).rpartition(".")[2]) for one in failed]


def _run(argv: Sequence[str], given: str | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - programs of an environment of ours
        argv,
        input=given,
        # It looks for a newer release of itself, and for a platform to tell.
        env={**os.environ, "CHECKOV_RUN_SCA_PACKAGE_SCAN_V2": "false", "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
