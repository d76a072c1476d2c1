"""Snapshots of Aurora clusters, each with a real copy of the data."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.services import rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, text
from local.emulator.postgres.databases import Databases
from local.emulator.postgres.server import PostgresServer
from local.emulator.rds.states import CREATING_SECONDS, become

Params = Mapping[str, Any]
Record = dict[str, Any]

# What a restored cluster takes from its source, and ministack's snapshots leave out.
_KEPT = (
    "DatabaseName",
    "EngineMode",
    "BackupRetentionPeriod",
    "PreferredBackupWindow",
    "_MasterUserPassword",
    "_pending_master_password_rotation",
)


def install(databases: Databases) -> None:
    """Let snapshots hold data, and leave with it."""
    patching.require(rds, "_db_cluster_snapshots", "_create_cluster_snapshot_internal", "_tags")
    patching.require(rds, "_cluster_snapshot_xml")
    patching.replace(rds, "_sync_tag_list_to_resource", _with_snapshots)
    patching.wrap_action(rds, "CreateDBClusterSnapshot", lambda old: _create(databases, old))
    patching.wrap_action(rds, "DeleteDBClusterSnapshot", lambda old: _delete(databases, old))


def take(databases: Databases, name: str, cluster: Record) -> Record:
    """Begin the snapshot `name` of `cluster`, as its deletion does; return its record."""
    record: Record = rds._create_cluster_snapshot_internal(name, cluster)
    _begin(databases, record, cluster)
    return record


def duplicate(name: str) -> Any:
    """Return the refusal for a snapshot's name that is taken, else None."""
    if name and name in rds._db_cluster_snapshots:
        return rds._error(
            "DBClusterSnapshotAlreadyExistsFault",
            f"Cannot create the snapshot because a snapshot with the identifier {name} already "
            "exists.",
            400,
        )
    return None


def data_of(databases: Databases, record: Record) -> PostgresServer:
    """Return a server, not to be started, that holds the data of the snapshot `record`."""
    folder = databases.snapshots / str(record["DBClusterSnapshotArn"]).replace(":", "_")
    return PostgresServer(folder, address="")


def _begin(databases: Databases, record: Record, cluster: Record) -> None:
    record.update({name: cluster.get(name) for name in _KEPT})
    own = rds._tags.get(record["DBClusterSnapshotArn"]) or []
    copied = rds._tags.get(cluster["DBClusterArn"]) or []
    tags = {tag["Key"]: tag for tag in [*(copied if cluster["CopyTagsToSnapshot"] else []), *own]}
    rds._tags[record["DBClusterSnapshotArn"]] = record["TagList"] = list(tags.values())
    record["PercentProgress"] = 0

    def copy() -> None:
        volume = cluster.get("_shared_volume_name")
        # A cluster that never had an instance has no data: its snapshot restores to an empty one.
        if volume:
            databases.server(volume).copy_to(_folder(databases, record))
        record["PercentProgress"] = 100

    become(record, "creating", "available", CREATING_SECONDS, copy)


def _folder(databases: Databases, record: Record) -> Path:
    return data_of(databases, record).folder


def _with_snapshots(old: Function) -> Function:
    def synchronise(arn: str) -> None:
        old(arn)
        for record in rds._db_cluster_snapshots.values():
            if record["DBClusterSnapshotArn"] == arn:
                record["TagList"] = list(rds._tags.get(arn) or [])

    return synchronise


def _create(databases: Databases, old: Function) -> Function:
    def create(params: Params) -> Any:
        name = text(params, "DBClusterSnapshotIdentifier")
        refusal = duplicate(name)
        if refusal:
            return refusal
        cluster = rds._resolve_cluster_in_request_region(text(params, "DBClusterIdentifier"))
        if cluster and cluster["Status"] in {"creating", "deleting"}:
            return rds._error(
                "InvalidDBClusterStateFault",
                "Cannot create a snapshot because the database cluster "
                f"{cluster['DBClusterIdentifier']} is not currently in the available state.",
                400,
            )
        answer = old(params)
        if answer[0] != 200:
            return answer
        record = rds._db_cluster_snapshots[name]
        _begin(databases, record, cluster)
        return _answer("CreateDBClusterSnapshot", record)

    return create


def _answer(action: str, record: Record) -> Any:
    body = f"<DBClusterSnapshot>{rds._cluster_snapshot_xml(record)}</DBClusterSnapshot>"
    return rds._xml(200, f"{action}Response", f"<{action}Result>{body}</{action}Result>")


def _delete(databases: Databases, old: Function) -> Function:
    def delete(params: Params) -> Any:
        record = rds._db_cluster_snapshots.get(text(params, "DBClusterSnapshotIdentifier"))
        if record and record["Status"] not in {"available", "failed"}:
            return rds._error(
                "InvalidDBClusterSnapshotStateFault",
                "Cannot delete the snapshot because it is not currently in the available or "
                "failed state.",
                400,
            )
        answer = old(params)
        if answer[0] == 200 and record:
            shutil.rmtree(_folder(databases, record), ignore_errors=True)
        return answer

    return delete
