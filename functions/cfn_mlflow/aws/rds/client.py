"""RDS: what all its objects share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.core.owned_object import tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

ENGINE = "aurora-postgresql"
PORT = 5432
MASTER_NAME = "mlflow_master"
DATABASE_NAME = "mlflow"
LOGS = "postgresql"

_EVENTS = (Reason.DatabaseFailed, "look at its events in RDS")
_ENDS_BADLY: Mapping[str, tuple[Reason, str]] = {
    "cloning-failed": _EVENTS,
    "failed": _EVENTS,
    "inaccessible-encryption-credentials": (
        Reason.KeyUnusable,
        "its KMS key is disabled or denied: allow it again",
    ),
    "inaccessible-encryption-credentials-recoverable": (
        Reason.KeyUnusable,
        "its KMS key is disabled or denied: allow it again and start the cluster",
    ),
    "incompatible-create": _EVENTS,
    "incompatible-network": (
        Reason.DatabaseFailed,
        "a subnet has no free address, or the VPC no DNS names: mend them",
    ),
    "incompatible-option-group": _EVENTS,
    "incompatible-parameters": (
        Reason.DatabaseFailed,
        "its parameter group was changed by hand: mend it",
    ),
    "incompatible-restore": _EVENTS,
    "insufficient-capacity": (
        Reason.NoCapacity,
        "its Availability Zone has no capacity now: name other subnets",
    ),
    "migration-failed": _EVENTS,
    "restore-error": _EVENTS,
    "stopped": (Reason.DatabaseStopped, "somebody stopped it: start it in RDS"),
    "storage-full": _EVENTS,
}
"""Statuses that do not pass by themselves: the code of each, and what to do about it."""


def rds() -> RDSClient:
    """Return the client of RDS."""
    found: RDSClient = client("rds")
    return found


def state_of(label: str, status: str) -> str | None:
    """Return the status in words, None for `available`.

    Raises PermanentError for one that does not pass by itself.
    """
    if status in _ENDS_BADLY:
        reason, to_do = _ENDS_BADLY[status]
        raise PermanentError(reason, f"{label}: {status}: {to_do}, then deploy again")
    return None if status == "available" else status.replace("-", " ")


def tags_of(arn: str) -> dict[str, str]:
    """Return an object's tags (rds:ListTagsForResource)."""
    return tag_map(rds().list_tags_for_resource(ResourceName=arn)["TagList"])


def set_tags(owner: Owner, arn: str, found: Tags) -> None:
    """Set our tags among those that are there, those no longer asked taken off.

    Rests on rds:AddTagsToResource, RemoveTagsFromResource.
    """
    take_off(
        owner,
        found,
        lambda keys: rds().remove_tags_from_resource(ResourceName=arn, TagKeys=keys),
    )
    rds().add_tags_to_resource(ResourceName=arn, Tags=tag_list(owner.tags))


def tags_in(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that an answer carries."""
    return tag_map(answer.get("TagList", []))


def instances_of(cluster: str) -> list[Any]:
    """Return what AWS tells of each instance of a cluster (rds:DescribeDBInstances)."""
    pages = (
        rds()
        .get_paginator("describe_db_instances")
        .paginate(Filters=[{"Name": "db-cluster-id", "Values": [cluster]}])
    )
    return [instance for page in pages for instance in page["DBInstances"]]


@dataclass(frozen=True, eq=False)
class DatabaseLogGroup(LogGroup):
    """Where RDS puts a cluster's log: made first, so that it has an owner and an end."""

    display_name: ClassVar[str] = "database log group"

    cluster: str

    @property
    def name(self) -> str:
        """Return the name that RDS gives it."""
        return f"/aws/rds/cluster/{self.cluster}/{LOGS}"
