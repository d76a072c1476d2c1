"""RDS where Aurora behaves otherwise than ministack does: states, refusals, names, passwords."""

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import rds, secretsmanager

from local.emulator.containers.docker import NETWORK
from local.emulator.core import patching
from local.emulator.core.patching import Function, members, text
from local.emulator.postgres.databases import Databases
from local.emulator.rds import identifiers, master_secret, snapshots
from local.emulator.rds import restore as aurora_restore
from local.emulator.rds import settings as aurora_settings
from local.emulator.rds import stop as aurora_stop
from local.emulator.rds.states import (
    CHANGING_SECONDS,
    CREATING_SECONDS,
    DELETING_SECONDS,
    become,
    later,
)

_RESERVED_USERS = ("admin", "rdsadmin", "postgres", "rds_superuser")
Params = Mapping[str, Any]


def install(databases: Databases) -> None:
    """Put Aurora's behaviour into ministack's RDS."""
    aurora_settings.install()
    patching.require(
        rds,
        "_error",
        "_xml",
        "_cluster_xml",
        "_instances",
        "_subnet_groups",
        "_single_instance_response",
    )
    master_secret.install()
    snapshots.install(databases)
    # A network with aliases makes ministack keep the AWS-shaped names and port 5432.
    patching.replace(rds, "_ministack_network", lambda old: NETWORK)
    patching.replace(rds, "_refresh_cluster_status", lambda old: _keep_status)
    patching.replace(rds, "_try_database_connect", lambda old: _answers(databases, old))
    patching.replace(rds, "_rotate_real_password", lambda old: _change_password(databases))
    patching.replace(rds, "_cluster_xml", _with_log_exports)
    for action, make in {
        "CreateDBCluster": _create_cluster,
        "ModifyDBCluster": _modify_cluster,
        "DeleteDBCluster": _delete_cluster(databases),
        "CreateDBInstance": _create_instance,
        "DeleteDBInstance": _delete_instance,
        "DeleteDBSubnetGroup": _delete_subnet_group,
        "DeleteDBClusterParameterGroup": _delete_parameter_group,
    }.items():
        patching.wrap_action(rds, action, make)
    identifiers.install(databases)
    aurora_restore.install(databases)
    aurora_stop.install(databases)


def _keep_status(cluster_id: str) -> None:
    # ministack calls a cluster "creating" while an instance is; on AWS it stays available.
    cluster = rds._clusters.get(cluster_id or "")
    if cluster is not None:
        cluster.setdefault("Status", "available")


def _answers(databases: Databases, old: Function) -> Function:
    def probe(host: str, port: int, engine: str, *login: str) -> Any:
        return databases.is_up(host) if "postgres" in engine else old(host, port, engine, *login)

    return probe


def _change_password(databases: Databases) -> Function:
    def change(cluster: dict[str, Any], old_password: str, new_password: str) -> bool:
        del old_password
        volume = cluster["_shared_volume_name"]
        server, sleep = databases.server(volume), databases.sleep(volume)
        if sleep is not None:
            sleep.wake()
        if not server.running:
            return False
        server.set_password(cluster["MasterUsername"], new_password)
        return True

    return change


def _with_log_exports(old: Function) -> Function:
    def xml(cluster: dict[str, Any]) -> str:
        names = cluster.get("EnabledCloudwatchLogsExports") or []
        if not names:
            return str(old(cluster))
        items = "".join(f"<member>{name}</member>" for name in names)
        return f"{old(cluster)}<EnabledCloudwatchLogsExports>{items}</EnabledCloudwatchLogsExports>"

    return xml


def _create_cluster(old: Function) -> Function:
    def create(params: Params) -> Any:
        group = text(params, "DBSubnetGroupName")
        if group and group not in rds._subnet_groups:
            return rds._error(
                "DBSubnetGroupNotFoundFault", f"DB subnet group '{group}' does not exist.", 404
            )
        refusal = _login_refusal(params)
        if refusal:
            return refusal
        answer = old(params)
        if answer[0] != 200:
            return answer
        cluster = rds._clusters[text(params, "DBClusterIdentifier")]
        cluster["EnabledCloudwatchLogsExports"] = members(params, "EnableCloudwatchLogsExports")
        cluster["EngineVersion"] = _whole_version(cluster["Engine"], cluster["EngineVersion"])
        if not text(params, "DBClusterParameterGroupName"):
            major = cluster["EngineVersion"].split(".")[0]
            cluster["DBClusterParameterGroup"] = f"default.{cluster['Engine']}{major}"
        cluster["_shared_volume_name"] = identifiers.own_volume(cluster)
        master_secret.mark(cluster)
        become(cluster, "creating", "available", CREATING_SECONDS)
        return _cluster_answer("CreateDBCluster", cluster)

    return create


def _login_refusal(params: Params) -> Any:
    user, password = text(params, "MasterUsername"), text(params, "MasterUserPassword")
    if user.lower() in _RESERVED_USERS and user.lower() != "postgres":
        return rds._error(
            "InvalidParameterValue",
            f"MasterUsername {user} cannot be used as it is a reserved word used by the engine",
            400,
        )
    return _password_refusal(password)


def _password_refusal(password: str) -> Any:
    if password and len(password) < 8:
        return rds._error(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password because it is shorter than "
            "8 characters.",
            400,
        )
    if len(password) > 41:
        return rds._error(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password because it is longer than "
            "41 characters.",
            400,
        )
    if any(character in password for character in '/@" '):
        return rds._error(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII "
            "characters besides '/', '@', '\"', ' ' may be used.",
            400,
        )
    return None


def _whole_version(engine: str, version: str) -> str:
    """Return the newest version that `version` is a prefix of, as AWS resolves `17`."""
    if engine != "aurora-postgresql":
        return version
    offered: list[str] = [number for number, _ in rds.AURORA_POSTGRESQL_ENGINE_VERSIONS]
    if version in offered:
        return version
    # A `16.4-limitless` is only had by its whole name.
    fitting = [number for number in offered if re.fullmatch(rf"{re.escape(version)}\.\d+", number)]
    return max(fitting, key=lambda number: [int(part) for part in number.split(".")])


def _cluster_answer(action: str, cluster: dict[str, Any]) -> Any:
    body = f"<{action}Result><DBCluster>{rds._cluster_xml(cluster)}</DBCluster></{action}Result>"
    return rds._xml(200, f"{action}Response", body)


def _modify_cluster(old: Function) -> Function:
    def modify(params: Params) -> Any:
        refusal = _password_refusal(text(params, "MasterUserPassword"))
        if refusal:
            return refusal
        cluster = rds._clusters.get(text(params, "DBClusterIdentifier"))
        if cluster is None:
            return old(params)
        gives_up_secret = text(params, "ManageMasterUserPassword") == "false"
        if gives_up_secret and not text(params, "MasterUserPassword"):
            return rds._error(
                "InvalidParameterCombination",
                "You must specify MasterUserPassword when you disable ManageMasterUserPassword.",
                400,
            )
        if gives_up_secret:
            _drop_secret(cluster)
        answer = old(params)
        if answer[0] != 200:
            return answer
        _after_modify(cluster, params)
        return _cluster_answer("ModifyDBCluster", cluster)

    return modify


def _after_modify(cluster: dict[str, Any], params: Params) -> None:
    configuration = "CloudwatchLogsExportConfiguration"
    enabled = set(cluster.get("EnabledCloudwatchLogsExports") or [])
    enabled |= set(members(params, f"{configuration}.EnableLogTypes"))
    enabled -= set(members(params, f"{configuration}.DisableLogTypes"))
    cluster["EnabledCloudwatchLogsExports"] = sorted(enabled)
    if text(params, "EngineVersion"):
        cluster["EngineVersion"] = _whole_version(cluster["Engine"], cluster["EngineVersion"])
    new_secret = text(params, "ManageMasterUserPassword") == "true"
    if new_secret and not cluster.get("MasterUserSecret"):
        _make_secret(cluster, text(params, "MasterUserSecretKmsKeyId"))
    rotated = text(params, "RotateMasterUserPassword") == "true"
    password_changed = new_secret or rotated or text(params, "MasterUserPassword")
    state = "resetting-master-credentials" if password_changed else "modifying"
    become(cluster, state, "available", CHANGING_SECONDS)


def _make_secret(cluster: dict[str, Any], key: str) -> None:
    password = master_secret.new_password()
    arn = secretsmanager.create_secret_in_process(
        f"rds!cluster-{new_uuid()}",
        json.dumps({"username": cluster["MasterUsername"], "password": password}),
        description=f"Secret managed by RDS for DB cluster {cluster['DBClusterIdentifier']}",
    )
    cluster["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": key}
    master_secret.mark(cluster)
    rds._apply_cluster_master_password_change(cluster, password)


def _drop_secret(cluster: dict[str, Any]) -> None:
    secret = cluster.pop("MasterUserSecret", None)
    if secret:
        secretsmanager.delete_secret_in_process(secret["SecretArn"])


def _delete_cluster(databases: Databases) -> Function:
    def make(old: Function) -> Function:
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
            return _cluster_answer("DeleteDBCluster", cluster)

        return delete

    return make


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


def _delete_subnet_group(old: Function) -> Function:
    def delete(params: Params) -> Any:
        name = text(params, "DBSubnetGroupName")
        users = [
            cluster["DBClusterIdentifier"]
            for cluster in rds._clusters.values()
            if cluster.get("DBSubnetGroup") == name
        ]
        if users:
            return rds._error(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database cluster: "
                f"{users[0]} is still using it.",
                400,
            )
        return old(params)

    return delete


def _delete_parameter_group(old: Function) -> Function:
    def delete(params: Params) -> Any:
        name = text(params, "DBClusterParameterGroupName")
        if any(cluster["DBClusterParameterGroup"] == name for cluster in rds._clusters.values()):
            return rds._error(
                "InvalidDBParameterGroupState",
                "One or more database clusters are still members of this parameter group "
                f"{name}, so the group cannot be deleted",
                400,
            )
        return old(params)

    return delete
