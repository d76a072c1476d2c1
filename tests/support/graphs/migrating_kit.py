"""A task definition of the migration in moto, its tasks, and a database that can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.ecs.task_definition import TaskDefinition
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import Waiting
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import Inspection
from cfn_mlflow.upgrade.migration.task import MigrationTask
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.service_kit import boto, converge, logging_definition, owner

OLDER = "b7e2c1a4d9f3"
"""The revision of MLflow 3.16."""
NEWER = "f4a9b2c7d1e6"
"""The revision of MLflow 3.18."""
SNAPSHOT = "mlflow-before"
Build = Callable[..., Graph]


@dataclass
class Schema:
    """A database with a Data API, in the state that each test sets."""

    at: Callable[[], str | None] = lambda: None
    empty: bool = False
    lacks: tuple[str, ...] = ()

    def revision(self) -> str | None:
        return self.at()

    def is_empty(self) -> bool:
        return self.empty

    def faults(self, revision: str) -> tuple[str, ...]:
        del revision
        return self.lacks


@pytest.fixture
def graph_of(fargate: Fargate, vpc: dict[str, Any]) -> Build:
    def build(image: str = "mlflow:1", schema: Schema | None = None) -> Graph:
        graph = Graph()
        log = graph.add(LogGroup(owner(), 30))
        cluster = graph.add(Cluster(owner()))
        asked = logging_definition("migration", image, log.name)
        definition = graph.add(TaskDefinition(owner(), asked, "migration"), after=(log,))
        launcher = definition.output(
            lambda view: Launcher(
                owner(),
                view.arn,
                cluster.name,
                tuple(vpc["SubnetIds"]),
                (vpc["GroupId"],),
                log.name,
            )
        )
        inspection = graph.add(Inspection(launcher, schema), after=(cluster,))
        inspected = inspection.output(lambda view: view)
        task = graph.add(MigrationTask(launcher, inspected, SNAPSHOT, schema))
        graph.give(
            {
                "Revision": task.output(lambda view: view.revision),
                "Image": inspection.output(lambda view: view.fallback_image or image),
            }
        )
        return graph

    return build


def revision_of(graph: Graph) -> str:
    return converge(graph)["Revision"]


def notes(run: dict[str, Any]) -> dict[str, str]:
    """Return the tags of a task's task definition."""
    tags = boto("ecs").list_tags_for_resource(resourceArn=run["taskDefinitionArn"])["tags"]
    return {one["key"]: one["value"] for one in tags}


def waits_of(graph: Graph, looks: int) -> list[str]:
    """Return what each look waits for, without repetitions."""
    convergence = Convergence(graph, explain)
    told: list[str] = []
    for _ in range(looks):
        outcome = convergence.step()
        if isinstance(outcome, Waiting):
            told += [f"{label}: {state}" for label, state in outcome.waits.items()]
    return list(dict.fromkeys(told))
