"""The connection budget in the service's graph, with what the database really takes."""

from __future__ import annotations

import io
import json
import logging

import pytest
from aws_lambda_powertools import Logger

from cfn_mlflow.outcome import REASON_BYTES
from cfn_mlflow.reason import Reason
from cfn_mlflow.types.common.connections import Budget
from cfn_mlflow.types.service import connection_budget
from cfn_mlflow.types.service.connection_budget import ConnectionBudget
from tests.support.beside_moto.stacks import standing
from tests.support.codes import failing
from tests.support.objects.service_kit import STACK

pytestmark = pytest.mark.usefixtures("aws")


def summed(tasks: int, workers: int, takes: int, asked: int = 10**9) -> Budget:
    """Return the budget of so many tasks, with a database that takes what is not what is asked."""
    return ConnectionBudget(STACK, Budget(tasks, workers, asked), takes).observe().view


def test_given_smaller_pools_than_mlflows_then_one_log_line_has_the_sum(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "cfn-mlflow")
    summed(2, 2, takes=189)
    assert [record.getMessage() for record in caplog.records] == [
        "Connection pools hold 10 each, of MLflow's own 15:"
        " 2 tasks x (2 + 2 workers x 2 pools x 10) = 84, twice in a deployment: 168 of 189"
    ]


def test_given_a_provider_of_another_name_then_the_sum_is_in_its_log_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = io.StringIO()
    named = Logger(service="tracking", level="INFO", stream=text)
    monkeypatch.setattr(connection_budget, "log", named)
    summed(2, 2, takes=189)
    [line] = [json.loads(line) for line in text.getvalue().splitlines()]
    assert line["service"] == "tracking"
    assert line["message"].startswith("Connection pools hold 10 each")


def test_given_room_for_mlflows_own_pools_then_nothing_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "cfn-mlflow")
    summed(2, 2, takes=400)
    assert caplog.records == []


def test_database_with_too_few_connections_is_told_with_the_sum_and_the_reboot() -> None:
    with standing("UPDATE_IN_PROGRESS"), failing(Reason.ConnectionBudgetExceeded) as failed:
        summed(5000, 64, takes=5000)
    reason = str(failed.value)
    assert reason.startswith("5000 tasks x (2 + 64 workers x 2 pools x 2) = 1290000 connections,")
    assert "the database takes 5000" in reason
    assert "reboot" in reason
    assert len(reason.encode()) <= REASON_BYTES


def test_given_too_few_for_what_a_rollback_goes_back_to_then_it_is_only_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        assert not summed(50, 2, takes=400).fits
    warnings = [one for one in caplog.records if one.levelno > logging.INFO]
    assert [one.levelname for one in warnings] == ["WARNING"]
    assert "50 tasks x" in warnings[0].getMessage()


def test_given_properties_that_were_let_stand_though_too_many_then_it_is_only_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert not summed(50, 2, takes=400, asked=400).fits
    assert "50 tasks x" in caplog.records[0].getMessage()
