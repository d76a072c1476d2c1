"""The deep check of a service of any size: every task is asked, in runs that ECS takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.models.base import parse
from cfn_mlflow.models.service import ServiceProperties
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.resources import service
from tests.unit.support.fargate import Fargate, checked
from tests.unit.support.service_kit import converge, owner

NAME = "mlflow-abcdefghij"
CHARACTERS = 8192
"""Of a task's overrides, with those of JSON (ECS API, RunTask)."""


def graph_of(properties: dict[str, Any], tasks: int) -> Graph:
    more = {"MinCapacity": str(tasks), "MaxCapacity": str(tasks), "DatabaseMaxConnections": "50000"}
    return service._graph(owner(), parse(ServiceProperties, properties | more))


def asked(run: dict[str, Any]) -> list[str]:
    """Return the addresses that a run of the check was told."""
    [container] = run["overrides"]["containerOverrides"]
    given = {one["name"]: one["value"] for one in container["environment"]}
    return str(given["CFN_MLFLOW_SERVERS"]).split(",")


def servers(fargate: Fargate) -> list[str]:
    """Return the addresses of the tasks that serve."""
    return [
        f"{task['attachments'][0]['details'][0]['value']}:5000" for task in fargate.servers(NAME)
    ]


@pytest.mark.parametrize("tasks", [1, 3, 500])
def test_given_a_service_of_any_size_then_each_task_is_asked_once_in_runs_that_ecs_takes(
    fargate: Fargate, properties: dict[str, Any], tasks: int
) -> None:
    converge(graph_of(properties, tasks), looks=100)
    runs = fargate.runs_for("check")
    told = [address for run in runs for address in asked(run)]
    assert sorted(told) == sorted(servers(fargate))
    assert len(told) == tasks
    assert all(len(json.dumps(run["overrides"])) <= CHARACTERS for run in runs)
    assert (len(runs) == 1) == (tasks < 100)


def test_given_a_task_of_a_later_run_that_does_not_serve_then_only_its_run_is_tried_again(
    fargate: Fargate, properties: dict[str, Any]
) -> None:
    fargate.check_ends = [checked(), checked("10.0.1.7:5000 answers 503")]
    with pytest.raises(PermanentError, match=r"deep check: 10\.0\.1\.7:5000 answers 503"):
        converge(graph_of(properties, 500), looks=100)
    first, second, again = fargate.runs_for("check")
    assert asked(second) == asked(again)
    assert not set(asked(first)) & set(asked(second))
