"""RDS: the Aurora PostgreSQL cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import COMPLETE_TAG
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
)
from cfn_mlflow.aws.rds.cluster_view import (
    DBClusterView,
    cluster_identifier,
    major,
    numbers,
    read_cluster,
)
from cfn_mlflow.aws.rds.final_snapshot import delete_with_final_snapshot, mark_final_snapshots
from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.aws.secretsmanager.login_secret import read_login
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import (
    Deletable,
    HoldsData,
    LeavesTraces,
    Observation,
    Superseding,
)
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason


@dataclass(frozen=True, eq=False)
class DBCluster(
    OwnedObject[DBClusterView],
    HoldsData[DBClusterView],
    Superseding[DBClusterView],
    LeavesTraces[DBClusterView],
):
    """An Aurora Serverless v2 cluster; its instances are objects of their own."""

    display_name: ClassVar[str] = "database cluster"

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

    def _refused(self, view: DBClusterView) -> tuple[Cause, ...]:
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
        return tuple(Cause(Reason.ChangeRefused, fault) for fault in faults)

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
        """Add the status while it accepts no change, else what differs.

        AWS raises the version by itself, so a higher version does not differ. At the end it waits
        for the secret that RDS makes.
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
                delete_with_final_snapshot(view)
        except Exception as error:
            if not is_missing(error):
                raise

    def after_removal(self) -> None:
        """Mark the snapshots that the cluster has left: AWS gave them its tags, the owner's too."""
        mark_final_snapshots(self.owner, self.identifier)

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
                numbers(view.engine_version) >= numbers(self.engine_version),
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
