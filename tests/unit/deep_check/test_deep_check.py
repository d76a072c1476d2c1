"""The deep check's report, as it is read from the lines of a task's log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.deep_check import DeepCheckReport, command, parse


def line(**report: Any) -> str:
    return json.dumps({"cfn-mlflow-check": report})


def test_command_leaves_room_in_what_ecs_takes_as_overrides() -> None:
    flag, text = command()
    assert flag == "-c"
    compile(text, "script", "exec")
    assert len(json.dumps({"containerOverrides": [{"command": list(command())}]})) < 8192


def test_report_is_found_among_other_lines_and_the_last_one_counts() -> None:
    lines = ["a line", line(healthy=False, reason="no"), line(healthy=True, reason=""), "late"]
    assert parse(lines) == DeepCheckReport(healthy=True, reason="")


@pytest.mark.parametrize("lines", [[], ["healthy"], ['{"healthy": true}']])
def test_log_without_a_report_is_no_report(lines: list[str]) -> None:
    assert parse(lines) is None
