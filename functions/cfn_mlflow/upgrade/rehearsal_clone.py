"""RDS: the copy-on-write clone of the database on which a migration is rehearsed.

A clone shares the pages of its source until one of the two changes them. So RDS creates it in
minutes, whatever its size, and only what the rehearsal changes costs storage. Its logins and
passwords are those of the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import TaggedObject, tag_list
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.rds.client import ENGINE, instances_of, rds, state_of, tags_in
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Remains, Undone, Updatable
from cfn_mlflow.upgrade.inspection_task import InspectionView

GOING = "deleting"
CAPACITY = {"MinCapacity": 0.5, "MaxCapacity": 2.0}
"""The clone's capacity in Aurora capacity units, if its source is not serverless."""


@dataclass(frozen=True)
class RehearsalCloneView:
    """The clone as RDS describes it; without an identifier if no clone is needed."""

    identifier: str = ""
    status: str = "available"
    endpoint: str = ""
    instances: Mapping[str, str] = field(default_factory=dict)
    """The status of each instance."""
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RehearsalClone(
    TaggedObject[RehearsalCloneView],
    Attached[RehearsalCloneView],
    Updatable[RehearsalCloneView],
    Undone[RehearsalCloneView],
):
    """The clone and its one instance, as long as a migration is to be rehearsed."""

    display_name: ClassVar[str] = "clone for the rehearsal"

    inspected: Value[InspectionView]
    cluster_arn: Value[str]

    @property
    def identifier(self) -> str:
        """Return the clone's identifier."""
        return identifier_of(self.owner)

    def owned(self, view: RehearsalCloneView) -> bool:
        """Tell whether the clone carries this resource's owner tag; true if no clone is needed."""
        return not view.identifier or super().owned(view)

    def observe(self) -> Observation[RehearsalCloneView] | None:
        """Find the clone by its identifier (rds:DescribeDBClusters, DescribeDBInstances)."""
        needed = known(self.inspected).has_data
        return self.found(_read(self.identifier) if needed else RehearsalCloneView())

    def create(self) -> None:
        """Clone the cluster as it is now (rds:RestoreDBClusterToPointInTime)."""
        name = known(self.cluster_arn).rpartition(":")[2]
        source: Any = rds().describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
        groups = [one["VpcSecurityGroupId"] for one in source.get("VpcSecurityGroups", [])]
        found = source.get("ServerlessV2ScalingConfiguration", {})
        scaling: Any = {key: found.get(key, value) for key, value in CAPACITY.items()}
        rds().restore_db_cluster_to_point_in_time(
            DBClusterIdentifier=self.identifier,
            SourceDBClusterIdentifier=name,
            RestoreType="copy-on-write",
            UseLatestRestorableTime=True,
            DBSubnetGroupName=source["DBSubnetGroup"],
            DBClusterParameterGroupName=source["DBClusterParameterGroup"],
            VpcSecurityGroupIds=groups,
            ServerlessV2ScalingConfiguration=scaling,
            CopyTagsToSnapshot=False,
            DeletionProtection=False,
            Tags=tag_list(self.owner.tags),
        )

    def compare(self, found: Observation[RehearsalCloneView]) -> Observation[RehearsalCloneView]:
        """Report the status of the clone, then of its instance, until both are available."""
        view = found.view
        state = state_of(self.label, view.status)
        if state:
            return replace(found, busy=state)
        states = (state_of(f"{self.label}'s instance", one) for one in view.instances.values())
        waits = next(filter(None, states), None)
        if waits:
            return replace(found, busy=f"its instance is {waits}")
        return found.differing({"instance": bool(view.identifier) and not view.instances})

    def update(self, found: Observation[RehearsalCloneView]) -> None:
        """Create the instance (rds:CreateDBInstance)."""
        view = found.view
        rds().create_db_instance(
            DBInstanceIdentifier=f"{view.identifier}-1",
            DBClusterIdentifier=view.identifier,
            DBInstanceClass="db.serverless",
            Engine=ENGINE,
            PubliclyAccessible=False,
            Tags=tag_list(self.owner.tags),
        )

    def give_up(self) -> None:
        """Begin to delete the clone, so that a failure leaves none."""
        view = _read(self.identifier)
        if view and self.owner.owns(view.tags):
            remove(view)


@dataclass(frozen=True, eq=False)
class RehearsalRemains(TaggedObject[RehearsalCloneView], Remains[RehearsalCloneView]):
    """The clone, once the rehearsal does not need it any more."""

    display_name: ClassVar[str] = "clone of the rehearsal"

    def observe(self) -> Observation[RehearsalCloneView] | None:
        """Find the clone by its identifier (rds:DescribeDBClusters, DescribeDBInstances)."""
        return self.found(_read(identifier_of(self.owner)))

    def delete(self, view: RehearsalCloneView) -> None:
        """Delete the instance and the clone without a snapshot: the source has the data."""
        remove(view)


def identifier_of(owner: Owner) -> str:
    """Return the identifier of a resource's clone."""
    return owner.name("rehearsal")


def remove(view: RehearsalCloneView) -> None:
    """Delete the instance, then the cluster (rds:DeleteDBInstance, DeleteDBCluster)."""
    try:
        for instance, status in view.instances.items():
            if status != GOING:
                rds().delete_db_instance(DBInstanceIdentifier=instance, SkipFinalSnapshot=True)
        if view.status != GOING:
            rds().delete_db_cluster(DBClusterIdentifier=view.identifier, SkipFinalSnapshot=True)
    except Exception as error:
        if not is_missing(error):
            raise


def _read(identifier: str) -> RehearsalCloneView | None:
    try:
        found = rds().describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return RehearsalCloneView(
        identifier=identifier,
        status=found["Status"],
        endpoint=found.get("Endpoint", ""),
        instances={
            one["DBInstanceIdentifier"]: one["DBInstanceStatus"] for one in instances_of(identifier)
        },
        tags=tags_in(found),
    )
