"""New identifiers for clusters and instances: ModifyDBCluster and ModifyDBInstance, at once."""

from typing import Any

from ministack.services import rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, text
from local.emulator.postgres.databases import Databases
from local.emulator.rds.states import CHANGING_SECONDS, become, cluster_answer

Record = dict[str, Any]


def install(databases: Databases) -> None:
    """Let both modifications rename; without ApplyImmediately that waits for a window here too."""
    patching.require(rds, "_rds_cluster_docker_name", "_cluster_endpoint_aliases", "_tags")
    patching.require(rds, "_sync_cluster_endpoints", "_single_instance_response")
    patching.wrap_action(rds, "ModifyDBCluster", lambda old: _modify_cluster(databases, old))
    patching.wrap_action(rds, "ModifyDBInstance", _modify_instance)


def own_volume(cluster: Record) -> str:
    """Return the name of the cluster's volume; one renamed may still have that of the name."""
    name = str(rds._rds_cluster_docker_volume_name(cluster["DBClusterIdentifier"]))
    others = [one for one in rds._clusters.values() if one is not cluster]
    taken = any(one.get("_shared_volume_name") == name for one in others)
    return f"{name}-{cluster['DbClusterResourceId']}" if taken else name


def _modify_cluster(databases: Databases, old: Function) -> Function:
    def modify(params: Params) -> Any:
        name, new = text(params, "DBClusterIdentifier"), text(params, "NewDBClusterIdentifier")
        if new and new in rds._clusters:
            return rds._error(
                "DBClusterAlreadyExistsFault", f"DB cluster {new} already exists.", 400
            )
        answer = old(params)
        if not new or answer[0] != 200 or text(params, "ApplyImmediately") != "true":
            return answer
        cluster = rds._clusters.pop(name)
        _rename_cluster(databases, cluster, new)
        return cluster_answer("ModifyDBCluster", cluster)

    return modify


def _rename_cluster(databases: Databases, cluster: Record, new: str) -> None:
    old = cluster["DBClusterIdentifier"]
    members = rds._cluster_member_instances(cluster)
    rds._clusters[new] = cluster
    cluster["DBClusterIdentifier"] = new
    _move_tags(cluster, "DBClusterArn", old, new)
    for name in ("Endpoint", "ReaderEndpoint"):
        cluster[name] = cluster[name].replace(f"{old}.", f"{new}.", 1)
    shared = cluster.get("_shared_endpoint") or {}
    shared.update({"Address": cluster["Endpoint"]} if shared else {})
    for instance in members:
        instance.update({"DBClusterIdentifier": new, "_shared_cluster_id": new})
        instance["Endpoint"] = {**instance["Endpoint"], "Address": cluster["Endpoint"]}
    container = databases.container(cluster.get("_shared_volume_name") or "")
    if container is not None:
        container.labels["cluster_id"] = new
        container.name = rds._rds_cluster_docker_name(new)
        databases.name(container, rds._cluster_endpoint_aliases(cluster))
    become(cluster, "renaming", "available", CHANGING_SECONDS)


def _modify_instance(old: Function) -> Function:
    def modify(params: Params) -> Any:
        name, new = text(params, "DBInstanceIdentifier"), text(params, "NewDBInstanceIdentifier")
        if new and new in rds._instances:
            return rds._error("DBInstanceAlreadyExists", f"DB instance {new} already exists", 400)
        answer = old(params)
        if not new or answer[0] != 200 or text(params, "ApplyImmediately") != "true":
            return answer
        instance = rds._instances[new] = rds._instances.pop(name)
        instance["DBInstanceIdentifier"] = new
        _move_tags(instance, "DBInstanceArn", name, new)
        cluster = rds._clusters.get(instance.get("DBClusterIdentifier") or "") or {}
        for member in cluster.get("DBClusterMembers") or []:
            if member["DBInstanceIdentifier"] == name:
                member["DBInstanceIdentifier"] = new
        become(instance, "renaming", "available", CHANGING_SECONDS)
        return rds._single_instance_response(
            "ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance
        )

    return modify


def _move_tags(record: Record, key: str, old: str, new: str) -> None:
    tags = rds._tags.pop(record[key], None)
    record[key] = record[key].removesuffix(f":{old}") + f":{new}"
    if tags:
        rds._tags[record[key]] = tags
