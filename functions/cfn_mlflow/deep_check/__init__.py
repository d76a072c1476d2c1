"""The deep check: what a task in the service's network runs, and what its end means."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cfn_mlflow.upgrade.migration.minified import minified

_MARK = '{"cfn-mlflow-check":'


@dataclass(frozen=True)
class DeepCheckReport:
    """Whether every server is healthy, and the reason if one is not."""

    healthy: bool
    reason: str


def command() -> tuple[str, ...]:
    """Return the arguments of Python in the checking task: `-c` and the script."""
    return ("-c", minified(Path(__file__).with_name("script.py")))


def parse(lines: Iterable[str]) -> DeepCheckReport | None:
    """Return the report in the task's log lines; None if the log has none."""
    for line in reversed(list(lines)):
        if line.lstrip().startswith(_MARK):
            said = json.loads(line)["cfn-mlflow-check"]
            return DeepCheckReport(bool(said["healthy"]), str(said["reason"]))
    return None
