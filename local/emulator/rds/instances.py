"""Instances of clusters: what RDS refuses, their Availability Zone, and how long they take."""

from typing import Any

from ministack.services import rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, text
from local.emulator.rds.states import CREATING_SECONDS, DELETING_SECONDS, become, later


def install() -> None:
    """Put this into ministack's RDS."""
    patching.require(rds, "_clusters", "_error", "_instances", "_single_instance_response")
    patching.wrap_action(rds, "CreateDBInstance", _create_instance)
    patching.wrap_action(rds, "DeleteDBInstance", _delete_instance)


def _create_instance(old: Function) -> Function:
    def create(params: Params) -> Any:
        cluster_id = text(params, "DBClusterIdentifier")
        if cluster_id and cluster_id not in rds._clusters:
            return rds._error("DBClusterNotFoundFault", f"DBCluster {cluster_id} not found.", 404)
        refusal = _scaling_refusal(params)
        if refusal:
            return refusal
        answer = old(params)
        instance = rds._instances.get(text(params, "DBInstanceIdentifier"))
        if answer[0] != 200 or instance is None or not cluster_id:
            return answer
        _spread(instance, params)
        return rds._single_instance_response(
            "CreateDBInstanceResponse", "CreateDBInstanceResult", instance
        )

    return create


def _scaling_refusal(params: Params) -> Any:
    cluster = rds._clusters.get(text(params, "DBClusterIdentifier")) or {}
    serverless = text(params, "DBInstanceClass") == "db.serverless"
    if not cluster or not serverless or cluster.get("ServerlessV2ScalingConfiguration"):
        return None
    # A restored cluster has no such configuration unless the restore named one.
    return rds._error(
        "InvalidDBClusterStateFault",
        "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a "
        "Serverless v2 DB instance.",
        400,
    )


def _spread(instance: dict[str, Any], params: Params) -> None:
    """Put an instance without a wish into another Availability Zone than its cluster's last."""
    cluster = rds._clusters[instance["DBClusterIdentifier"]]
    zones = cluster.get("AvailabilityZones") or []
    if not text(params, "AvailabilityZone") and zones:
        place = len(cluster["DBClusterMembers"]) - 1
        instance["AvailabilityZone"] = zones[place % len(zones)]
    if instance["DBInstanceStatus"] == "available":
        become(instance, "creating", "available", CREATING_SECONDS)


def _delete_instance(old: Function) -> Function:
    def delete(params: Params) -> Any:
        instance = rds._instances.get(text(params, "DBInstanceIdentifier"))
        if instance is None or instance.get("DeletionProtection"):
            return old(params)
        if instance["DBInstanceStatus"] == "deleting":
            return rds._error(
                "InvalidDBInstanceState",
                f"Instance {instance['DBInstanceIdentifier']} is already being deleted.",
                400,
            )
        instance["DBInstanceStatus"] = "deleting"
        later(DELETING_SECONDS, old, params)
        return rds._single_instance_response(
            "DeleteDBInstanceResponse", "DeleteDBInstanceResult", instance
        )

    return delete
