"""RDS: the instances of a cluster, the first a writer and the others readers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.eventual_consistency import NotYet
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.rds.client import ENGINE, rds, set_tags, state_of, tags_in
from cfn_mlflow.outcome import TemporaryError


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

    words: ClassVar[str] = "database instance"

    number: int
    cluster: str = ""
    zones: tuple[str, ...] = ()
    """Availability Zones of which each instance takes the next; of none, Aurora chooses."""
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    @property
    def label(self) -> str:
        """Tell the instances of one cluster apart."""
        return f"{self.words} {self.number}"

    @property
    def identifier(self) -> str:
        """Return the instance's identifier."""
        return self.owner.name("database", str(self.number))

    def read(self) -> DBInstanceView | None:
        """Find the instance by its identifier (rds:DescribeDBInstances)."""
        try:
            found = rds().describe_db_instances(DBInstanceIdentifier=self.identifier)
        except Exception as error:
            if is_missing(error):
                return None
            raise
        instance = found["DBInstances"][0]
        return DBInstanceView(
            identifier=instance["DBInstanceIdentifier"],
            arn=instance["DBInstanceArn"],
            status=instance["DBInstanceStatus"],
            publicly_accessible=instance.get("PubliclyAccessible", False),
            tags=tags_in(instance),
        )

    def create(self) -> None:
        """Make the instance in its Availability Zone, with its tags (rds:CreateDBInstance)."""
        zone = self.zones[(self.number - 1) % len(self.zones)] if self.zones else ""
        place: Any = {"AvailabilityZone": zone} if zone else {}
        try:
            with self._not_yet.patience():
                rds().create_db_instance(
                    DBInstanceIdentifier=self.identifier,
                    DBClusterIdentifier=self.cluster,
                    DBInstanceClass="db.serverless",
                    Engine=ENGINE,
                    PubliclyAccessible=False,
                    PromotionTier=min(self.number - 1, 15),
                    MonitoringInterval=0,
                    EnablePerformanceInsights=False,
                    Tags=tag_list(self.owner.tags),
                    **place,
                )
        except Exception as error:
            if code(error) == "DBInstanceAlreadyExists":
                raise TemporaryError("made, and not to be seen yet") from None
            raise

    def busy(self, view: DBInstanceView) -> str | None:
        """Tell the status while it takes no change."""
        return state_of(self.label, view.status)

    def changes(self, view: DBInstanceView) -> tuple[str, ...]:
        """Name a public address, and tags that differ."""
        different = ("public access",) if view.publicly_accessible else ()
        return (*different, "tags") if self.owner.lacks(view.tags) else different

    def update(self, view: DBInstanceView) -> None:
        """Set what differs (rds:ModifyDBInstance, AddTagsToResource, RemoveTagsFromResource)."""
        different = self.changes(view)
        if "public access" in different:
            rds().modify_db_instance(
                DBInstanceIdentifier=self.identifier,
                PubliclyAccessible=False,
                ApplyImmediately=True,
            )
        if "tags" in different:
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
