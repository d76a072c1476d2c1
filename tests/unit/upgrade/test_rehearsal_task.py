"""The rehearsal: the migration on the clone, whose failure leaves the database as it was."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.ecs.task_definition import TaskDefinition
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.rehearsal_clone import RehearsalCloneView
from cfn_mlflow.upgrade.rehearsal_task import RehearsalTask
from tests.support.beside_moto.fargate import Fargate, migrated
from tests.support.graphs.rehearsal_kit import HEAD, OLDER
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import converge, logging_definition, owner

CLONE = RehearsalCloneView("mlflow-rehearsal-abcdefghij", endpoint="clone.example.com")


def graph_of(clone: RehearsalCloneView = CLONE) -> Graph:
    graph = Graph()
    log = graph.add(LogGroup(owner(), 30))
    cluster = graph.add(Cluster(owner()))
    asked = logging_definition("migration", "mlflow:1", log.name)
    definition = graph.add(TaskDefinition(owner(), asked, "migration"), after=(log, cluster))
    launcher = definition.output(
        lambda view: Launcher(owner(), view.arn, cluster.name, ("subnet-1",), ("sg-1",), log.name)
    )
    graph.add(RehearsalTask(launcher, clone))
    return graph


def hosts(run: dict[str, Any]) -> dict[str, str]:
    [override] = run["overrides"]["containerOverrides"]
    return {one["name"]: one["value"] for one in override["environment"]}


def test_rehearsal_runs_once_and_at_the_clone(
    fargate: Fargate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    fargate.rehearsal_ends = [migrated(HEAD, **{"from": OLDER})]
    converge(graph_of())
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == []
    [run] = fargate.runs_for("rehearse")
    assert hosts(run) == {"PGHOST": "clone.example.com"}
    assert "Rehearsed on a clone: The database was migrated from" in caplog.text


def test_rehearsal_that_fails_says_that_the_database_is_as_it_was(fargate: Fargate) -> None:
    fargate.rehearsal_ends = [migrated(HEAD, "failed", reason="boom", **{"from": OLDER})]
    with pytest.raises(PermanentError, match="rehearsal of the migration, the database is as it"):
        converge(graph_of())
    assert len(fargate.runs_for("rehearse")) == 1
    assert not fargate.migrations


def test_rehearsal_that_may_have_failed_by_chance_is_tried_again(fargate: Fargate) -> None:
    again = migrated(HEAD, "unreachable", reason="timeout")
    fargate.rehearsal_ends = [again, migrated(HEAD, **{"from": OLDER})]
    converge(graph_of())
    assert len(fargate.runs_for("rehearse")) == 2


def test_database_without_a_clone_is_not_rehearsed(fargate: Fargate) -> None:
    converge(graph_of(RehearsalCloneView()))
    assert not fargate.runs
