"""DeleteDBCluster: what it refuses, its final snapshot, and that it takes time."""

import time
from typing import Any

from ministack.services import rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, text
from local.emulator.postgres.databases import Databases
from local.emulator.rds import snapshots
from local.emulator.rds.states import DELETING_SECONDS, cluster_answer, later


def install(databases: Databases) -> None:
    """Put this into ministack's RDS."""
    patching.require(rds, "_clusters", "_error", "_instances")
    patching.wrap_action(rds, "DeleteDBCluster", lambda old: _delete_cluster(databases, old))


def _delete_cluster(databases: Databases, old: Function) -> Function:
    def delete(params: Params) -> Any:
        cluster = rds._clusters.get(text(params, "DBClusterIdentifier"))
        if cluster is None:
            return old(params)
        refusal = _deletion_refusal(cluster, params)
        if refusal:
            return refusal
        final = text(params, "FinalDBSnapshotIdentifier")
        cluster["Status"] = "deleting"
        snapshot = snapshots.take(databases, final, cluster) if final else {}
        later(DELETING_SECONDS, _delete_when_empty, old, cluster, params, snapshot)
        return cluster_answer("DeleteDBCluster", cluster)

    return delete


def _delete_when_empty(
    old: Function, cluster: dict[str, Any], params: Params, snapshot: dict[str, Any]
) -> None:
    while cluster.get("DBClusterMembers") or snapshot.get("Status") == "creating":
        time.sleep(0.1)
    old(params)


def _deletion_refusal(cluster: dict[str, Any], params: Params) -> Any:
    name = cluster["DBClusterIdentifier"]
    final = text(params, "FinalDBSnapshotIdentifier")
    skip = text(params, "SkipFinalSnapshot") == "true"
    if cluster["Status"] == "deleting":
        return rds._error("InvalidDBClusterStateFault", f"{name} is already being deleted.", 400)
    if cluster.get("DeletionProtection"):
        return rds._error(
            "InvalidParameterCombination",
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
            400,
        )
    if any(state != "deleting" for state in _member_states(cluster)):
        return rds._error(
            "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            400,
        )
    if skip == bool(final):
        return rds._error(
            "InvalidParameterCombination",
            "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true."
            if skip
            else "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            400,
        )
    return snapshots.duplicate(final)


def _member_states(cluster: dict[str, Any]) -> list[str]:
    return [
        (rds._instances.get(member["DBInstanceIdentifier"]) or {}).get(
            "DBInstanceStatus", "deleting"
        )
        for member in cluster.get("DBClusterMembers") or []
    ]
