"""RDS: the instances of a cluster, the first a writer and the others readers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.rds.client import ENGINE, rds, set_tags, state_of, tags_in
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation


@dataclass(frozen=True)
class DBInstanceView:
    """An instance as it stands."""

    identifier: str
    arn: str
    status: str
    publicly_accessible: bool
    tags: Tags


@dataclass(frozen=True, eq=False)
class DBInstance(OwnedObject[DBInstanceView]):
    """One serverless instance; after a failover any of them may be the writer."""

    display_name: ClassVar[str] = "database instance"

    number: int
    cluster: Value[str] = ""
    zones: Value[tuple[str, ...]] = ()
    """Availability Zones of which each instance takes the next; of none, Aurora chooses."""

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the instances of one cluster."""
        return f"{self.display_name} {self.number}"

    @property
    def identifier(self) -> str:
        """Return the instance's identifier."""
        return self.owner.name("database", str(self.number))

    def observe(self) -> Observation[DBInstanceView] | None:
        """Find the instance by its identifier (rds:DescribeDBInstances)."""
        try:
            found = rds().describe_db_instances(DBInstanceIdentifier=self.identifier)
        except Exception as error:
            if is_missing(error):
                return None
            raise
        instance = found["DBInstances"][0]
        return self.found(
            DBInstanceView(
                identifier=instance["DBInstanceIdentifier"],
                arn=instance["DBInstanceArn"],
                status=instance["DBInstanceStatus"],
                publicly_accessible=instance.get("PubliclyAccessible", False),
                tags=tags_in(instance),
            )
        )

    def create(self) -> None:
        """Make the instance in its Availability Zone, with its tags (rds:CreateDBInstance)."""
        zones = known(self.zones)
        zone = zones[(self.number - 1) % len(zones)] if zones else ""
        place: Any = {"AvailabilityZone": zone} if zone else {}
        rds().create_db_instance(
            DBInstanceIdentifier=self.identifier,
            DBClusterIdentifier=known(self.cluster),
            DBInstanceClass="db.serverless",
            Engine=ENGINE,
            PubliclyAccessible=False,
            PromotionTier=min(self.number - 1, 15),
            MonitoringInterval=0,
            EnablePerformanceInsights=False,
            Tags=tag_list(self.owner.tags),
            **place,
        )

    def compare(self, found: Observation[DBInstanceView]) -> Observation[DBInstanceView]:
        """Add the status while it accepts no change, else a public address and tags that differ."""
        view = found.view
        busy = state_of(self.label, view.status)
        if busy:
            return replace(found, busy=busy)
        return found.differing(
            {"public access": view.publicly_accessible, "tags": self.owner.lacks(view.tags)}
        )

    def update(self, found: Observation[DBInstanceView]) -> None:
        """Set what differs (rds:ModifyDBInstance, AddTagsToResource, RemoveTagsFromResource)."""
        view = found.view
        if "public access" in found.differs:
            rds().modify_db_instance(
                DBInstanceIdentifier=self.identifier,
                PubliclyAccessible=False,
                ApplyImmediately=True,
            )
        if "tags" in found.differs:
            set_tags(self.owner, view.arn, view.tags)

    def delete(self, view: DBInstanceView) -> None:
        """Delete the instance; the data is the cluster's (rds:DeleteDBInstance)."""
        if view.status == "deleting":
            return
        try:
            rds().delete_db_instance(DBInstanceIdentifier=view.identifier, SkipFinalSnapshot=True)
        except Exception as error:
            if not is_missing(error):
                raise
