"""The connection budget in the service's graph, with what the database really takes."""

from __future__ import annotations

import logging

import pytest

from cfn_mlflow.outcome import REASON_BYTES, PermanentError
from cfn_mlflow.resources.connection_budget import ConnectionBudget


def test_given_smaller_pools_than_mlflows_then_one_log_line_has_the_sum(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "cfn-mlflow")
    ConnectionBudget(tasks=2, workers=2, max_connections=189).read()
    assert [record.getMessage() for record in caplog.records] == [
        "Connection pools hold 10 each, of MLflow's own 15:"
        " 2 tasks x (2 + 2 workers x 2 pools x 10) = 84, twice in a deployment: 168 of 189"
    ]


def test_given_room_for_mlflows_own_pools_then_nothing_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "cfn-mlflow")
    ConnectionBudget(tasks=2, workers=2, max_connections=400).read()
    assert caplog.records == []


def test_given_a_database_that_runs_with_too_few_then_the_reason_has_the_sum_and_the_reboot() -> (
    None
):
    with pytest.raises(PermanentError) as failed:
        ConnectionBudget(tasks=5000, workers=64, max_connections=5000).read()
    reason = str(failed.value)
    assert reason.startswith("5000 tasks x (2 + 64 workers x 2 pools x 2) = 1290000 connections,")
    assert "the database takes 5000" in reason
    assert "reboot" in reason
    assert len(reason.encode()) <= REASON_BYTES
