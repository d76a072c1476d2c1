"""ECS: the state of a service and of its deployments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.ecs.client import ecs


@dataclass(frozen=True)
class Deployment:
    """One of a service's deployments."""

    id: str
    primary: bool
    definition_arn: str
    rollout: str
    rollout_reason: str
    failed_tasks: int
    running: int
    created: datetime | None

    def is_younger_than(self, seconds: float) -> bool:
        """Return whether it began less than `seconds` ago."""
        age = timedelta() if self.created is None else datetime.now(UTC) - self.created
        return age < timedelta(seconds=seconds)


@dataclass(frozen=True)
class ServiceView:
    """A service as it stands."""

    arn: str
    name: str
    status: str
    desired: int
    running: int
    definition_arn: str
    settings: Mapping[str, Any]
    deployments: tuple[Deployment, ...]
    tags: Tags

    @property
    def primary(self) -> Deployment | None:
        """Return the deployment that the service moves to."""
        return next((one for one in self.deployments if one.primary), None)

    @property
    def is_deploying(self) -> bool:
        """Return whether a deployment is under way, or its old tasks are not gone yet."""
        rollout = self.primary.rollout if self.primary else "IN_PROGRESS"
        return len(self.deployments) > 1 or rollout not in ("COMPLETED", "")


def read_service(cluster: str, name: str) -> ServiceView | None:
    """Return a service that is not deleted; None if there is none (ecs:DescribeServices)."""
    try:
        found = ecs().describe_services(cluster=cluster, services=[name], include=["TAGS"])
    except Exception as error:
        if code(error) == "ClusterNotFoundException":
            return None
        raise
    return next((_view(one) for one in found["services"] if one["status"] != "INACTIVE"), None)


def _view(found: Mapping[str, Any]) -> ServiceView:
    network = found.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    settings = {
        **found,
        "networkConfiguration": {
            "awsvpcConfiguration": {
                **network,
                "subnets": sorted(network.get("subnets", [])),
                "securityGroups": sorted(network.get("securityGroups", [])),
            }
        },
    }
    return ServiceView(
        arn=found["serviceArn"],
        name=found["serviceName"],
        status=found["status"],
        desired=found["desiredCount"],
        running=found["runningCount"],
        definition_arn=found["taskDefinition"],
        settings=settings,
        deployments=tuple(_deployment(one) for one in found.get("deployments", [])),
        tags=tag_map(found.get("tags", [])),
    )


def _deployment(found: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=found["id"],
        primary=found["status"] == "PRIMARY",
        definition_arn=found["taskDefinition"],
        rollout=found.get("rolloutState", ""),
        rollout_reason=found.get("rolloutStateReason", ""),
        failed_tasks=found.get("failedTasks", 0),
        running=found.get("runningCount", 0),
        created=found.get("createdAt"),
    )
