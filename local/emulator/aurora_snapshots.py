"""Snapshots of Aurora clusters, each with a real copy of the data."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.services import rds

from local.emulator import patching
from local.emulator.databases import Databases
from local.emulator.patching import Function, text

Params = Mapping[str, Any]


def install(databases: Databases) -> None:
    """Let snapshots hold data, and leave with it."""
    patching.require(rds, "_db_cluster_snapshots", "_create_cluster_snapshot_internal", "_tags")
    patching.wrap_action(rds, "CreateDBClusterSnapshot", lambda old: _create(databases, old))
    patching.wrap_action(rds, "DeleteDBClusterSnapshot", lambda old: _delete(databases, old))


def take(databases: Databases, name: str, cluster: dict[str, Any]) -> None:
    """Make the snapshot `name` of `cluster`, as its deletion does."""
    record = rds._create_cluster_snapshot_internal(name, cluster)
    _copy(databases, record, cluster)


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


def data_of(databases: Databases, record: dict[str, Any]) -> Path:
    """Return the folder with the data of the snapshot `record`."""
    return databases.snapshots / str(record["DBClusterSnapshotArn"]).replace(":", "_")


def _copy(databases: Databases, record: dict[str, Any], cluster: dict[str, Any]) -> None:
    record["DatabaseName"] = cluster.get("DatabaseName")
    own = rds._tags.get(record["DBClusterSnapshotArn"]) or []
    copied = rds._tags.get(cluster["DBClusterArn"]) or []
    tags = {tag["Key"]: tag for tag in [*(copied if cluster["CopyTagsToSnapshot"] else []), *own]}
    rds._tags[record["DBClusterSnapshotArn"]] = record["TagList"] = list(tags.values())
    volume = cluster.get("_shared_volume_name")
    if volume:
        databases.server(volume).copy_to(data_of(databases, record))


def _create(databases: Databases, old: Function) -> Function:
    def create(params: Params) -> Any:
        name = text(params, "DBClusterSnapshotIdentifier")
        refusal = duplicate(name)
        if refusal:
            return refusal
        answer = old(params)
        if answer[0] == 200:
            cluster = rds._resolve_cluster_in_request_region(text(params, "DBClusterIdentifier"))
            _copy(databases, rds._db_cluster_snapshots[name], cluster)
        return answer

    return create


def _delete(databases: Databases, old: Function) -> Function:
    def delete(params: Params) -> Any:
        record = rds._db_cluster_snapshots.get(text(params, "DBClusterSnapshotIdentifier"))
        answer = old(params)
        if answer[0] == 200 and record:
            shutil.rmtree(data_of(databases, record), ignore_errors=True)
        return answer

    return delete
