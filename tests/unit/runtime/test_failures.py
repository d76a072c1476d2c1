"""The log line of a failure, as CloudWatch's embedded metric format wants it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cfn_mlflow.outcome import Failed
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.failures import FAILURES, NAMESPACE
from tests.support.cloudformation.protocol_kit import World, outcomes


def test_the_line_of_a_failure_has_its_code_and_counts_one_by_it(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.converge = outcomes(Failed(Reason.QuotaReached, "No more clusters."))

    world.handle(world.event())

    [line] = [line for line in lines() if FAILURES in line]
    assert line["message"] == "[QuotaReached] No more clusters."
    assert (line["code"], line[FAILURES]) == ("QuotaReached", 1)
    [metric] = line["_aws"]["CloudWatchMetrics"]
    assert metric["Namespace"] == NAMESPACE
    assert metric["Metrics"] == [{"Name": FAILURES, "Unit": "Count"}]
    assert metric["Dimensions"] == [["service"], ["service", "code"]]
    for name in {name for names in metric["Dimensions"] for name in names}:
        assert isinstance(line[name], str), "a dimension is a text at the root of the line"
    assert json.loads(json.dumps(line)) == line


def test_a_success_counts_nothing(world: World, lines: Callable[[], list[dict[str, Any]]]) -> None:
    world.handle(world.event())

    assert not [line for line in lines() if FAILURES in line or "code" in line]
