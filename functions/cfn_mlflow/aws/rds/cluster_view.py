"""RDS: the Aurora PostgreSQL cluster, what its deletion leaves, and the mark of its completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core import retained
from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import COMPLETE_TAG, LEFT_BY_TAG, Owner, Tags
from cfn_mlflow.aws.rds.client import (
    DATABASE_NAME,
    ENGINE,
    LOGS,
    MASTER_NAME,
    PORT,
    instances_of,
    rds,
    set_tags,
    state_of,
    tags_in,
)
from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.aws.secretsmanager.login_secret import read_login
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import (
    Deletable,
    HoldsData,
    LeavesTraces,
    Observation,
    Superseding,
    Updatable,
    as_observed,
)
from cfn_mlflow.outcome import PermanentError

SNAPSHOT_NAMES = 9
"""Final snapshots that one cluster can come to have, if its deletion was undone by AWS."""


@dataclass(frozen=True)
class DBClusterView:
    """A cluster as it stands; capacities in Aurora capacity units."""

    identifier: str
    arn: str
    resource_id: str
    status: str
    endpoint: str
    reader_endpoint: str
    port: int
    engine_version: str
    parameter_group: str
    security_group_ids: frozenset[str]
    min_capacity: float
    max_capacity: float
    seconds_until_auto_pause: int | None
    backup_retention_period: int
    kms_key_arn: str
    master_secret_arn: str
    """The secret that RDS keeps; empty if the master password is the user's."""
    data_api: bool
    exports_logs: bool
    copies_tags: bool
    protected: bool
    zones: frozenset[str]
    """The Availability Zones of its storage, in which its instances can be."""
    pending: tuple[str, ...]
    """What AWS has been told to change and has not changed yet."""
    tags: Tags


@dataclass(frozen=True, eq=False)
class DBCluster(
    OwnedObject[DBClusterView],
    HoldsData[DBClusterView],
    Superseding[DBClusterView],
    LeavesTraces[DBClusterView],
):
    """An Aurora Serverless v2 cluster; its instances are objects of their own."""

    words: ClassVar[str] = "database cluster"

    engine_version: str
    subnet_group: Value[str]
    parameter_group: Value[str]
    security_group_id: Value[str]
    min_capacity: float
    max_capacity: float
    seconds_until_auto_pause: int | None
    backup_retention_period: int
    instance_count: int
    kms_key_arn: str | None
    password_secret_arn: Value[str] | None
    """Our mirror of the user's password; None if RDS is to make and keep one."""
    skip_final_snapshot: bool

    @property
    def identifier(self) -> str:
        """Return the cluster's identifier."""
        return cluster_identifier(self.owner)

    def observe(self) -> Observation[DBClusterView] | None:
        """Find the cluster by its identifier (rds:DescribeDBClusters)."""
        found = self.found(read_cluster(self.identifier))
        return found and replace(found, refused=self._refused(found.view))

    def _refused(self, view: DBClusterView) -> tuple[str, ...]:
        """Refuse another key, and a major version that AWS cannot go to without a risk."""
        faults = []
        if self.kms_key_arn and view.kms_key_arn != self.kms_key_arn:
            faults.append(
                f"{self.owner.spelled('KmsKeyArn')}: the database is encrypted with "
                f"{view.kms_key_arn}, for good. Keep it, or make a new resource"
            )
        found, asked = major(view.engine_version), major(self.engine_version)
        if asked > found:
            faults.append(
                f"{self.owner.spelled('EngineVersion')}: {view.engine_version} to "
                f"{self.engine_version} is a major upgrade, which is not made here: upgrade the "
                f"cluster in RDS after a rehearsal on a clone, then ask for {asked}"
            )
        return tuple(faults)

    def create(self) -> None:
        """Make the cluster with its tags, the Data API on (rds:CreateDBCluster)."""
        key: Any = {"KmsKeyId": self.kms_key_arn} if self.kms_key_arn else {}
        rds().create_db_cluster(
            DBClusterIdentifier=self.identifier,
            Engine=ENGINE,
            EngineVersion=self.engine_version,
            DatabaseName=DATABASE_NAME,
            MasterUsername=MASTER_NAME,
            Port=PORT,
            DBSubnetGroupName=known(self.subnet_group),
            DBClusterParameterGroupName=known(self.parameter_group),
            VpcSecurityGroupIds=[known(self.security_group_id)],
            StorageEncrypted=True,
            BackupRetentionPeriod=self.backup_retention_period,
            CopyTagsToSnapshot=True,
            EnableHttpEndpoint=True,
            EnableCloudwatchLogsExports=[LOGS],
            ServerlessV2ScalingConfiguration=self._scaling,
            Tags=tag_list(self.owner.tags),
            **key,
            **self._master_password,
        )

    def compare(self, found: Observation[DBClusterView]) -> Observation[DBClusterView]:
        """Tell the status, then what differs: what AWS moves by itself, the version, is a floor.

        Then the secret that RDS makes is waited for.
        """
        view = found.view
        busy = state_of(self.label, view.status)
        if busy or view.pending:
            return replace(found, busy=busy or f"changing {', '.join(view.pending)}")
        differs = found.differing(
            {
                **dict.fromkeys(self._modifications(view), True),
                "Data API": not view.data_api,
                "tags": self.owner.lacks(view.tags),
            }
        )
        if self.password_secret_arn is None and not view.master_secret_arn:
            return replace(differs, not_ready="making the master secret")
        return differs

    def update(self, found: Observation[DBClusterView]) -> None:
        """Set what differs, now.

        Rests on rds:ModifyDBCluster, EnableHttpEndpoint (the only way for Serverless v2),
        AddTagsToResource and RemoveTagsFromResource.
        """
        view = found.view
        modifications: dict[str, Any] = {}
        for parameters in self._modifications(view).values():
            modifications.update(parameters)
        if modifications:
            if "ManageMasterUserPassword" in modifications:
                modifications.update(self._master_password)
            rds().modify_db_cluster(
                DBClusterIdentifier=self.identifier, ApplyImmediately=True, **modifications
            )
        if not view.data_api:
            rds().enable_http_endpoint(ResourceArn=view.arn)
        if self.owner.lacks(view.tags):
            set_tags(self.owner, view.arn, view.tags)

    def superseded(self) -> Sequence[Deletable[Any]]:
        """Return the instances beyond those that are asked."""
        there = {instance["DBInstanceIdentifier"] for instance in instances_of(self.identifier)}
        beyond = [DBInstance(self.owner, n) for n in range(self.instance_count + 1, 17)]
        return [instance for instance in beyond if instance.identifier in there]

    def delete(self, view: DBClusterView) -> None:
        """Delete the cluster, its protection lifted first.

        A completed one leaves a final snapshot, unless told otherwise. Rests on
        rds:ModifyDBCluster, DeleteDBCluster.
        """
        if view.status == "deleting":
            return
        try:
            if view.protected:
                rds().modify_db_cluster(
                    DBClusterIdentifier=view.identifier,
                    DeletionProtection=False,
                    ApplyImmediately=True,
                )
            if self.skip_final_snapshot or COMPLETE_TAG not in view.tags:
                rds().delete_db_cluster(DBClusterIdentifier=view.identifier, SkipFinalSnapshot=True)
            else:
                _delete_with_snapshot(view)
        except Exception as error:
            if not is_missing(error):
                raise

    def after_removal(self) -> None:
        """Mark the snapshots that the cluster has left: AWS gave them its tags, the owner's too.

        Rests on rds:DescribeDBClusterSnapshots, AddTagsToResource, RemoveTagsFromResource.
        """
        for snapshot in _snapshots():
            ours = snapshot["DBClusterIdentifier"] == self.identifier
            if ours and self.owner.owns(tags_in(snapshot)):
                self._leave(snapshot)

    def _leave(self, snapshot: Mapping[str, Any]) -> None:
        arn, tags = snapshot["DBClusterSnapshotArn"], tags_in(snapshot)
        if LEFT_BY_TAG not in tags:
            staying = retained.tags_of_what_stays(self.owner, tags)
            rds().add_tags_to_resource(ResourceName=arn, Tags=tag_list(staying))
        # The owner tag goes last: until then another look finds the snapshot again.
        rds().remove_tags_from_resource(ResourceName=arn, TagKeys=list(retained.GONE))
        retained.log_what_stays("database snapshot", snapshot["DBClusterSnapshotIdentifier"])

    @property
    def _scaling(self) -> Any:
        scaling = {"MinCapacity": self.min_capacity, "MaxCapacity": self.max_capacity}
        if self.seconds_until_auto_pause is None:
            return scaling
        return {**scaling, "SecondsUntilAutoPause": self.seconds_until_auto_pause}

    @property
    def _master_password(self) -> dict[str, Any]:
        """Return whose the master password is; never to be logged."""
        if self.password_secret_arn:
            password = read_login(known(self.password_secret_arn)).password
            return {"ManageMasterUserPassword": False, "MasterUserPassword": password}
        key = {"MasterUserSecretKmsKeyId": self.kms_key_arn} if self.kms_key_arn else {}
        return {"ManageMasterUserPassword": True, **key}

    def _modifications(self, view: DBClusterView) -> dict[str, dict[str, Any]]:
        """Return, for each thing that differs, what ModifyDBCluster takes to set it."""
        scaling = {"ServerlessV2ScalingConfiguration": self._scaling}
        managed = self.password_secret_arn is None
        same_major = major(view.engine_version) == major(self.engine_version)
        found_and_asked: list[tuple[str, bool, dict[str, Any]]] = [
            (
                "capacity",
                (view.min_capacity, view.max_capacity) == (self.min_capacity, self.max_capacity)
                and self.seconds_until_auto_pause in (None, view.seconds_until_auto_pause),
                scaling,
            ),
            (
                "engine version",
                _numbers(view.engine_version) >= _numbers(self.engine_version),
                {"EngineVersion": self.engine_version},
            ),
            (
                "parameter group",
                view.parameter_group == known(self.parameter_group) or not same_major,
                {"DBClusterParameterGroupName": known(self.parameter_group)},
            ),
            (
                "security group",
                view.security_group_ids == {known(self.security_group_id)},
                {"VpcSecurityGroupIds": [known(self.security_group_id)]},
            ),
            (
                "backup retention",
                view.backup_retention_period == self.backup_retention_period,
                {"BackupRetentionPeriod": self.backup_retention_period},
            ),
            ("tags on snapshots", view.copies_tags, {"CopyTagsToSnapshot": True}),
            (
                "log export",
                view.exports_logs,
                {"CloudwatchLogsExportConfiguration": {"EnableLogTypes": [LOGS]}},
            ),
            (
                "keeper of the master password",
                managed == bool(view.master_secret_arn),
                {"ManageMasterUserPassword": managed},
            ),
        ]
        return {name: parameters for name, same, parameters in found_and_asked if not same}


@dataclass(frozen=True, eq=False)
class CompleteDBCluster(Updatable[DBClusterView]):
    """The mark of a cluster whose resource was made to the end, and its deletion protection.

    From then on its deletion leaves a final snapshot.
    """

    words: ClassVar[str] = "database cluster's completion"

    owner: Owner
    cluster: Value[str]

    def observe(self) -> Observation[DBClusterView] | None:
        """Read the cluster (rds:DescribeDBClusters)."""
        view = read_cluster(known(self.cluster))
        return as_observed(view)

    def compare(self, found: Observation[DBClusterView]) -> Observation[DBClusterView]:
        """Name protection and mark while they miss."""
        marked = COMPLETE_TAG in found.view.tags
        return found.differing({"protection": not found.view.protected, "mark": not marked})

    def update(self, found: Observation[DBClusterView]) -> None:
        """Protect the cluster, then mark it (rds:ModifyDBCluster, AddTagsToResource)."""
        view = found.view
        if not view.protected:
            rds().modify_db_cluster(
                DBClusterIdentifier=view.identifier, DeletionProtection=True, ApplyImmediately=True
            )
        rds().add_tags_to_resource(
            ResourceName=view.arn, Tags=[{"Key": COMPLETE_TAG, "Value": "true"}]
        )


def cluster_identifier(owner: Owner) -> str:
    """Return the identifier of a resource's cluster."""
    return owner.name("database")


def major(version: str) -> int:
    """Return the major version of an engine version such as `17.7`."""
    return _numbers(version)[0]


def read_cluster(identifier: str) -> DBClusterView | None:
    """Return a cluster; None if there is none (rds:DescribeDBClusters)."""
    try:
        found = rds().describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return _view(found)


def _snapshots() -> list[Any]:
    """Return all manual snapshots of the account: RDS finds those of a cluster only while it is.

    Rests on rds:DescribeDBClusterSnapshots.
    """
    pages = rds().get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual")
    return [snapshot for page in pages for snapshot in page["DBClusterSnapshots"]]


def _view(cluster: Mapping[str, Any]) -> DBClusterView:
    scaling = cluster.get("ServerlessV2ScalingConfiguration", {})
    return DBClusterView(
        identifier=cluster["DBClusterIdentifier"],
        arn=cluster["DBClusterArn"],
        resource_id=cluster["DbClusterResourceId"],
        status=cluster["Status"],
        endpoint=cluster.get("Endpoint", ""),
        reader_endpoint=cluster.get("ReaderEndpoint", ""),
        port=cluster.get("Port", PORT),
        engine_version=cluster["EngineVersion"],
        parameter_group=cluster.get("DBClusterParameterGroup", ""),
        security_group_ids=frozenset(
            group["VpcSecurityGroupId"] for group in cluster.get("VpcSecurityGroups", [])
        ),
        min_capacity=scaling.get("MinCapacity", 0),
        max_capacity=scaling.get("MaxCapacity", 0),
        seconds_until_auto_pause=scaling.get("SecondsUntilAutoPause"),
        backup_retention_period=cluster.get("BackupRetentionPeriod", 0),
        kms_key_arn=cluster.get("KmsKeyId", ""),
        master_secret_arn=cluster.get("MasterUserSecret", {}).get("SecretArn", ""),
        data_api=cluster.get("HttpEndpointEnabled", False),
        exports_logs=LOGS in cluster.get("EnabledCloudwatchLogsExports", []),
        copies_tags=cluster.get("CopyTagsToSnapshot", False),
        protected=cluster.get("DeletionProtection", False),
        zones=frozenset(cluster.get("AvailabilityZones", [])),
        pending=tuple(k for k, v in cluster.get("PendingModifiedValues", {}).items() if v),
        tags=tags_in(cluster),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())


def _delete_with_snapshot(view: DBClusterView) -> None:
    """Delete a cluster behind a final snapshot, whose name no other cluster's can have.

    A name that is taken means that AWS undid an earlier deletion: its snapshot is older than the
    data, so the next name is taken.
    """
    for number in range(1, SNAPSHOT_NAMES + 1):
        suffix = f"-{number}" if number > 1 else ""
        try:
            rds().delete_db_cluster(
                DBClusterIdentifier=view.identifier,
                SkipFinalSnapshot=False,
                FinalDBSnapshotIdentifier=(
                    f"{view.identifier}-final-{view.resource_id.lower()}{suffix}"
                ),
            )
        except Exception as error:
            if code(error) != "DBClusterSnapshotAlreadyExistsFault":
                raise
        else:
            return
    raise PermanentError(
        f"database cluster: {view.identifier} has {SNAPSHOT_NAMES} final snapshots and is still "
        f"there. Look at its events in RDS, delete the snapshots you do not need, then delete again"
    )
