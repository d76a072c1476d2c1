"""StopDBCluster, StartDBCluster, and the control that pauses a cluster."""

import time
from collections.abc import Mapping
from typing import Any

from ministack.services import rds

from local.emulator.core import controls, patching
from local.emulator.core.controls import ControlError
from local.emulator.core.patching import Function, Params, text
from local.emulator.postgres.databases import Databases
from local.emulator.rds.states import CHANGING_SECONDS, become, cluster_answer

_START_SECONDS = 300
Record = dict[str, Any]


def install(databases: Databases) -> None:
    """Let clusters stop and start step by step, and be paused."""
    patching.require(rds, "_cluster_member_instances", "_stop_cluster_shared_container")
    patching.wrap_action(rds, "StopDBCluster", _stop)
    patching.wrap_action(rds, "StartDBCluster", _start)
    controls.add("pause-cluster", lambda asked: _pause(databases, asked))


def _stop(old: Function) -> Function:
    def stop(params: Params) -> Any:
        cluster = rds._resolve_cluster_in_request_region(text(params, "DBClusterIdentifier"))
        if cluster is None or cluster["Status"] != "available":
            return old(params)
        name = cluster["DBClusterIdentifier"]
        for instance in rds._cluster_member_instances(cluster):
            become(instance, "stopping", "stopped", CHANGING_SECONDS)
        become(
            cluster,
            "stopping",
            "stopped",
            CHANGING_SECONDS,
            lambda: rds._stop_cluster_shared_container(name, cluster),
        )
        return cluster_answer("StopDBCluster", cluster)

    return stop


def _start(old: Function) -> Function:
    def start(params: Params) -> Any:
        answer = old(params)
        cluster = rds._resolve_cluster_in_request_region(text(params, "DBClusterIdentifier"))
        if answer[0] != 200 or not cluster.get("_shared_container_id"):
            return answer

        def wait() -> None:
            end = time.monotonic() + _START_SECONDS
            while not cluster["_shared_container_ready"] and time.monotonic() < end:
                time.sleep(0.05)

        # ministack leaves the cluster "starting": here its instances have no say in its status.
        become(cluster, "starting", "available", CHANGING_SECONDS, wait)
        return cluster_answer("StartDBCluster", cluster)

    return start


def _pause(databases: Databases, asked: Mapping[str, Any]) -> Record:
    name = asked["identifier"]
    cluster = rds._clusters.get(name)
    if cluster is None:
        raise ControlError(f"There is no DB cluster {name}.")
    scaling = cluster.get("ServerlessV2ScalingConfiguration") or {}
    if scaling.get("MinCapacity") != 0:
        raise ControlError(f"DB cluster {name} never pauses: its MinCapacity is not 0.")
    sleep = databases.sleep(cluster.get("_shared_volume_name") or "")
    if sleep is None or not (sleep.awake or sleep.asleep):
        raise ControlError(f"DB cluster {name} has no running instance.")
    sleep.pause()
    return {"paused": sleep.asleep}
