"""RDS where Aurora behaves otherwise than ministack does: clusters as they are made and changed."""

import re
from typing import Any

from ministack.services import rds

from local.emulator.containers.docker import NETWORK
from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, members, text
from local.emulator.postgres.databases import Databases
from local.emulator.rds import (
    deletion,
    groups,
    identifiers,
    instances,
    master_password,
    restore,
    settings,
    snapshots,
    stop,
)
from local.emulator.rds.states import CHANGING_SECONDS, CREATING_SECONDS, become, cluster_answer


def install(databases: Databases) -> None:
    """Put Aurora's behaviour into ministack's RDS."""
    settings.install()
    patching.require(rds, "_clusters", "_cluster_xml", "_error", "_subnet_groups")
    master_password.install()
    snapshots.install(databases)
    # A network with aliases makes ministack keep the AWS-shaped names and port 5432.
    patching.replace(rds, "_ministack_network", lambda old: NETWORK)
    patching.replace(rds, "_refresh_cluster_status", lambda old: _keep_status)
    patching.replace(rds, "_try_database_connect", lambda old: _answers(databases, old))
    patching.replace(rds, "_rotate_real_password", lambda old: _change_password(databases))
    patching.replace(rds, "_cluster_xml", _with_log_exports)
    patching.wrap_action(rds, "CreateDBCluster", _create_cluster)
    patching.wrap_action(rds, "ModifyDBCluster", _modify_cluster)
    deletion.install(databases)
    instances.install()
    groups.install()
    identifiers.install(databases)
    restore.install(databases)
    stop.install(databases)


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
        refusal = master_password.login_refusal(params)
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
        master_password.mark(cluster)
        become(cluster, "creating", "available", CREATING_SECONDS)
        return cluster_answer("CreateDBCluster", cluster)

    return create


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


def _modify_cluster(old: Function) -> Function:
    def modify(params: Params) -> Any:
        refusal = master_password.refusal(text(params, "MasterUserPassword"))
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
            master_password.drop_secret(cluster)
        answer = old(params)
        if answer[0] != 200:
            return answer
        _after_modify(cluster, params)
        return cluster_answer("ModifyDBCluster", cluster)

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
        master_password.make_secret(cluster, text(params, "MasterUserSecretKmsKeyId"))
    rotated = text(params, "RotateMasterUserPassword") == "true"
    password_changed = new_secret or rotated or text(params, "MasterUserPassword")
    state = "resetting-master-credentials" if password_changed else "modifying"
    become(cluster, state, "available", CHANGING_SECONDS)
