"""ECS: the services that work with one database, found by their tag, and what runs of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.core.sharers import Sharers
from cfn_mlflow.aws.ecs.client import ecs
from cfn_mlflow.aws.ecs.service import DATABASE_TAG
from cfn_mlflow.aws.ecs.service_view import ServiceView, read_service
from cfn_mlflow.aws.ecs.task import Task, tasks
from cfn_mlflow.outcome import TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient

Definition = Mapping[str, Any]

OURS = "cfn-mlflow/"
"""What a task that the provider started by itself, such as a migration, is started by."""


@dataclass(frozen=True)
class WiredService:
    """A service of ours that works with the database."""

    cluster: str
    view: ServiceView

    @property
    def name(self) -> str:
        """Return the service's name."""
        return self.view.name

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Return what runs in its cluster, which is its own (ecs:ListTasks, DescribeTasks)."""
        return tuple(tasks(self.cluster, stopped=False))

    @property
    def own_tasks(self) -> Iterator[Task]:
        """Yield the tasks that the provider runs beside the service."""
        return (task for task in self.tasks if task.started_by.startswith(OURS))

    @property
    def definition_arns(self) -> frozenset[str]:
        """Return the task definitions of its deployments and of all that runs."""
        deployed = {one.definition_arn for one in self.view.deployments}
        running = {task.definition_arn for task in self.tasks}
        return frozenset({self.view.definition_arn, *deployed, *running} - {""})


def wired_services(cluster_identifier: str, sharers: Sharers) -> tuple[WiredService, ...]:
    """Return the services of these stacks that are wired to a database cluster.

    A service of any other stack may say that it is: it is no business of the database's. Rests on
    tag:GetResources and ecs:DescribeServices. A service that the tagging API does not know yet
    shows by its sessions in the database.
    """
    tagging: ResourceGroupsTaggingAPIClient = client("resourcegroupstaggingapi")
    pages = tagging.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": DATABASE_TAG, "Values": [cluster_identifier]}],
        ResourceTypeFilters=["ecs:service"],
    )
    found = []
    arns = {one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]}
    for arn in sorted(arns):
        cluster, name = arn.split("/")[-2:]
        view = read_service(cluster, name)
        if view and sharers.admit(view.tags) and view.status == "ACTIVE":
            found.append(WiredService(cluster, view))
    return tuple(found)


def read_definition(arn: str) -> tuple[Definition, list[Any]]:
    """Return a revision and its tags, as ECS writes them (ecs:DescribeTaskDefinition)."""
    found: Any = ecs().describe_task_definition(taskDefinition=arn, include=["TAGS"])
    definition = found["taskDefinition"]
    if definition.get("status") == "DELETE_IN_PROGRESS":
        raise TemporaryError(f"{arn} is being deleted")
    return definition, found.get("tags", [])


def names_secret(definition: Definition, secret_arn: str) -> bool:
    """Tell whether a task definition names a secret, by whatever key of it."""
    return secret_arn in json.dumps(definition.get("containerDefinitions", []))
