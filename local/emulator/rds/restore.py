"""RestoreDBClusterFromSnapshot and RestoreDBClusterToPointInTime, with the data of their source.

A restored cluster comes back as Aurora's does: the master, all logins and their passwords are the
source's; no secret is managed, the Data API is off, there is no instance (RDS API reference: the
two operations have no parameter for any of them).
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import ec2, rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, text
from local.emulator.postgres.databases import Databases
from local.emulator.postgres.server import PostgresServer
from local.emulator.rds import identifiers, snapshots
from local.emulator.rds.states import CREATING_SECONDS, become, cluster_answer

Params = Mapping[str, Any]
Record = dict[str, Any]

_FROM_SNAPSHOT = "RestoreDBClusterFromSnapshot"
_TO_POINT_IN_TIME = "RestoreDBClusterToPointInTime"

# Of CreateDBCluster's parameters, those that a restore does not have: the source decides.
_NOT_OF_A_RESTORE = (
    "MasterUsername",
    "MasterUserPassword",
    "ManageMasterUserPassword",
    "MasterUserSecretKmsKeyId",
    "EnableHttpEndpoint",
    "StorageEncrypted",
    "GlobalClusterIdentifier",
)
_RESTORABLE = {"available", "stopped", "modifying", "backing-up", "resetting-master-credentials"}


def install(databases: Databases) -> None:
    """Add the two operations."""
    patching.require(rds, "_clusters", "_subnet_groups")
    patching.require(ec2, "_security_groups")
    restores = _Restores(databases, rds._ACTION_MAP["CreateDBCluster"])
    patching.add_action(rds, _FROM_SNAPSHOT, restores.from_snapshot)
    patching.add_action(rds, _TO_POINT_IN_TIME, restores.to_point_in_time)


class _Restores:
    """The two operations, on top of CreateDBCluster."""

    def __init__(self, databases: Databases, create: Function) -> None:
        self._databases = databases
        self._create = create

    def from_snapshot(self, params: Params) -> Any:
        """RestoreDBClusterFromSnapshot."""
        name = text(params, "SnapshotIdentifier")
        snapshot = rds._db_cluster_snapshots.get(name.rsplit(":", 1)[-1])
        if snapshot is None:
            return rds._error(
                "DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot {name} not found.", 404
            )
        if snapshot["Status"] != "available":
            return _wrong(
                "InvalidDBClusterSnapshotStateFault",
                f"The snapshot {name} is in {snapshot['Status']} state, expected available.",
            )
        wanted = {"DatabaseName": snapshot.get("DatabaseName"), "Port": snapshot["Port"]}
        defaults = {name: str(value) for name, value in wanted.items() if value}
        data = snapshots.data_of(self._databases, snapshot)
        return self._restore(_FROM_SNAPSHOT, {**defaults, **params}, snapshot, data)

    def to_point_in_time(self, params: Params) -> Any:
        """RestoreDBClusterToPointInTime."""
        source = _source(params)
        if source is None:
            name = text(params, "SourceDBClusterIdentifier")
            return rds._error("DBClusterNotFoundFault", f"DBCluster {name} not found.", 404)
        refusal = _time_refusal(params) or _source_refusal(params, source)
        if refusal:
            return refusal
        database, volume = source.get("DatabaseName"), source.get("_shared_volume_name")
        return self._restore(
            _TO_POINT_IN_TIME,
            {**params, **({"DatabaseName": database} if database else {})},
            source,
            self._databases.server(volume) if volume else None,
        )

    def _restore(
        self, action: str, params: Params, source: Record, data: PostgresServer | None
    ) -> Any:
        if text(params, "Engine") not in {"", source["Engine"]}:
            return _wrong("InvalidParameterCombination", "The engine must be the source's.")
        answer = self._create(_creation(params, source))
        if answer[0] != 200:
            return answer
        cluster = rds._clusters[text(params, "DBClusterIdentifier")]
        cluster["_MasterUserPassword"] = source.get("_MasterUserPassword", "password")
        if not cluster["VpcSecurityGroups"]:
            cluster["VpcSecurityGroups"] = _default_groups(cluster)
        fill = self._filling(cluster, source, data)
        become(cluster, "creating", "available", CREATING_SECONDS, fill)
        return cluster_answer(action, cluster)

    def _filling(
        self, cluster: Record, source: Record, data: PostgresServer | None
    ) -> Callable[[], None]:
        """Give the cluster its volume, and return the work that brings the data there."""
        if data is None or not data.has_data:
            return lambda: None
        volume = identifiers.own_volume(cluster)
        cluster["_shared_volume_name"] = volume
        # A new master password is then kept until the first instance has started PostgreSQL.
        cluster["_shared_storage_initialized"] = True
        pending = source.get("_pending_master_password_rotation")
        if pending:
            cluster["_pending_master_password_rotation"] = dict(pending)
        server = self._databases.server(volume)
        server.expect_data()
        return lambda: server.take_data(data)


def _source(params: Params) -> Record | None:
    name = text(params, "SourceDBClusterIdentifier")
    if name:
        found: Record | None = rds._resolve_cluster_in_request_region(name)
        return found
    resource = text(params, "SourceDbClusterResourceId")
    clusters = rds._clusters.values()
    return next((one for one in clusters if one["DbClusterResourceId"] == resource), None)


def _time_refusal(params: Params) -> Any:
    kind = text(params, "RestoreType") or "full-copy"
    latest = text(params, "UseLatestRestorableTime") == "true"
    moment = text(params, "RestoreToTime")
    if kind not in {"full-copy", "copy-on-write"}:
        return _wrong("InvalidParameterValue", f"Invalid restore type: {kind}")
    if moment and (latest or kind == "copy-on-write"):
        return _wrong(
            "InvalidParameterCombination",
            "RestoreToTime can't be specified with UseLatestRestorableTime, or when the restore "
            "type is copy-on-write.",
        )
    if moment:
        return _wrong(
            "InvalidRestoreFault",
            "The local AWS keeps no history: it restores to the latest restorable time only.",
        )
    if not latest:
        return _wrong(
            "InvalidParameterCombination",
            "Either RestoreToTime or UseLatestRestorableTime must be specified.",
        )
    return None


def _source_refusal(params: Params, source: Record) -> Any:
    if source["Status"] not in _RESTORABLE:
        return _wrong(
            "InvalidDBClusterStateFault",
            f"DbCluster {source['DBClusterIdentifier']} is in {source['Status']} state but "
            "expected it to be one of available,stopped.",
        )
    if text(params, "KmsKeyId") and not source["StorageEncrypted"]:
        return _wrong(
            "InvalidParameterCombination",
            "A KMS key can't be specified when the source DB cluster isn't encrypted.",
        )
    return None


def _wrong(code: str, message: str) -> Any:
    return rds._error(code, message, 400)


def _creation(params: Params, source: Record) -> Params:
    """Return the parameters of the CreateDBCluster that makes the record of the new cluster."""
    key = text(params, "KmsKeyId") or source.get("KmsKeyId") or ""
    inherited = {
        "EngineVersion": source["EngineVersion"],
        "BackupRetentionPeriod": str(source.get("BackupRetentionPeriod") or 1),
        "PreferredBackupWindow": source.get("PreferredBackupWindow") or "",
    }
    own = {name: value for name, value in params.items() if name not in _NOT_OF_A_RESTORE}
    return {
        **inherited,
        **own,
        "Engine": source["Engine"],
        "MasterUsername": source["MasterUsername"],
        "StorageEncrypted": "true" if key or source["StorageEncrypted"] else "false",
        "KmsKeyId": key,
    }


def _default_groups(cluster: Record) -> list[Record]:
    """Return the default security group of the cluster's VPC, which a restore without one has."""
    vpc = (rds._subnet_groups.get(cluster["DBSubnetGroup"]) or {}).get("VpcId")
    return [
        {"VpcSecurityGroupId": group["GroupId"], "Status": "active"}
        for group in ec2._security_groups.values()
        if group["GroupName"] == "default" and group["VpcId"] == vpc
    ]
