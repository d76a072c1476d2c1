"""ECS: the services that work with one database, found by their tag, and what each one runs."""

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
"""How `startedBy` begins for a task that the provider starts itself, such as a migration."""


@dataclass(frozen=True)
class WiredService:
    """A service of ours that works with the database, and the ECS cluster that it runs in."""

    cluster: str
    view: ServiceView

    @property
    def name(self) -> str:
        """Return the service's name."""
        return self.view.name

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks that run in the service's own cluster (ecs:ListTasks, DescribeTasks)."""
        return tuple(tasks(self.cluster, stopped=False))

    @property
    def own_tasks(self) -> Iterator[Task]:
        """Yield the tasks that the provider runs beside the service."""
        return (task for task in self.tasks if task.started_by.startswith(OURS))

    @property
    def definition_arns(self) -> frozenset[str]:
        """Return the ARNs of the task definitions of its deployments and of all tasks that run."""
        deployed = {one.definition_arn for one in self.view.deployments}
        running = {task.definition_arn for task in self.tasks}
        return frozenset({self.view.definition_arn, *deployed, *running} - {""})


def wired_services(cluster_identifier: str, sharers: Sharers) -> tuple[WiredService, ...]:
    """Return the active services of these stacks whose tag names a database cluster.

    Anybody can write the tag, so the services of other stacks do not count. Rests on
    tag:GetResources and ecs:DescribeServices. The tagging API may not know a new service yet: its
    sessions in the database show it.
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
    """Return a revision and its tags, as ECS writes them (ecs:DescribeTaskDefinition).

    `arn` may also be a family: then it is the family's newest active revision. Raises
    TemporaryError while the revision is being deleted.
    """
    found: Any = ecs().describe_task_definition(taskDefinition=arn, include=["TAGS"])
    definition = found["taskDefinition"]
    if definition.get("status") == "DELETE_IN_PROGRESS":
        raise TemporaryError(f"{arn} is being deleted")
    return definition, found.get("tags", [])


def names_secret(definition: Definition, secret_arn: str) -> bool:
    """Tell whether a container of a task definition names a secret, whichever key of the secret."""
    return secret_arn in json.dumps(definition.get("containerDefinitions", []))
