"""What a cluster's parameter group and capacity mean to its PostgreSQL."""

from typing import Any

from ministack.services import rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, text
from local.emulator.postgres import auto_pause, capacity
from local.emulator.postgres.databases import ClusterSettings

_FORCED_TLS_SINCE = 17
"""Aurora PostgreSQL 17 is the first whose rds.force_ssl is 1 by default (Aurora User Guide)."""
_DEFAULT_PAUSE = 300


def install() -> None:
    """Let clusters keep SecondsUntilAutoPause, which ministack does not know."""
    patching.require(rds, "_clusters", "_db_cluster_param_groups")
    patching.replace(rds, "_serverlessv2_from_params", _scaling)
    patching.replace(rds, "_serverlessv2_xml", _scaling_xml)


def cluster_of(labels: dict[str, str]) -> dict[str, Any]:
    """Return ministack's record of the cluster that a container's labels name."""
    record: dict[str, Any] | None = rds._clusters.get_scoped(
        labels["account_id"], labels["region"], labels["cluster_id"]
    )
    if record is None:
        raise LookupError(f"There is no DB cluster {labels['cluster_id']}.")
    return record


def settings(labels: dict[str, str]) -> ClusterSettings:
    """Return the settings of that cluster as they are now."""
    cluster = cluster_of(labels)
    return ClusterSettings(
        cluster.get("DatabaseName"),
        _max_connections(cluster, labels),
        _must_encrypt(cluster, labels),
        _idle_limit(cluster),
    )


def _must_encrypt(cluster: dict[str, Any], labels: dict[str, str]) -> bool:
    value = _parameter(cluster, labels, "rds.force_ssl")
    if value is not None:
        return value == "1"
    return int(cluster["EngineVersion"].split(".")[0]) >= _FORCED_TLS_SINCE


def _max_connections(cluster: dict[str, Any], labels: dict[str, str]) -> int:
    value = _parameter(cluster, labels, "max_connections")
    if value is not None and value.isdigit():
        return int(value)
    scaling = cluster.get("ServerlessV2ScalingConfiguration") or {}
    return capacity.max_connections(
        float(scaling.get("MinCapacity") or 0), float(scaling.get("MaxCapacity") or 2)
    )


def _idle_limit(cluster: dict[str, Any]) -> float | None:
    scaling = cluster.get("ServerlessV2ScalingConfiguration") or {}
    if float(scaling.get("MinCapacity", 1)) > 0:
        return None
    return float(scaling.get("SecondsUntilAutoPause", _DEFAULT_PAUSE)) / auto_pause.SPEED


def _scaling(old: Function) -> Function:
    def read(params: Params) -> dict[str, Any] | None:
        found: dict[str, Any] | None = old(params)
        seconds = text(params, "ServerlessV2ScalingConfiguration.SecondsUntilAutoPause")
        if found and seconds:
            found["SecondsUntilAutoPause"] = int(seconds)
        elif found and found.get("MinCapacity") == 0:
            found["SecondsUntilAutoPause"] = _DEFAULT_PAUSE
        return found

    return read


def _scaling_xml(old: Function) -> Function:
    def xml(cluster: dict[str, Any]) -> str:
        scaling = cluster.get("ServerlessV2ScalingConfiguration") or {}
        seconds = scaling.get("SecondsUntilAutoPause")
        end = "</ServerlessV2ScalingConfiguration>"
        more = f"<SecondsUntilAutoPause>{seconds}</SecondsUntilAutoPause>{end}"
        return str(old(cluster)).replace(end, more) if seconds else str(old(cluster))

    return xml


def _parameter(cluster: dict[str, Any], labels: dict[str, str], name: str) -> str | None:
    group = rds._db_cluster_param_groups.get_scoped(
        labels["account_id"], labels["region"], cluster.get("DBClusterParameterGroup", "")
    )
    value = ((group or {}).get("Parameters") or {}).get(name)
    return None if value is None else str(value["ParameterValue"])
