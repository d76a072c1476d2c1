"""The API of services and clusters: what it refuses, and what it answers of a deployment begun."""

from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import alb, ecs

from local.emulator.core import patching
from local.emulator.core.patching import Function
from local.emulator.ecs.deployments import ServiceDeployments
from local.emulator.ecs.service_tasks import Record, live_tasks
from local.emulator.elbv2.records import groups_of

_DROPPED = ("availabilityZoneRebalancing", "propagateTags", "enableECSManagedTags")
"""Settings of a service that ministack does not keep, at its making or at an update."""


def install(deployments: ServiceDeployments) -> None:
    """Put the refusals into ministack; `deployments` is told of each deployment that begins."""
    patching.require(
        ecs, "_clusters", "_resolve_cluster_name", "_resolve_service_ref", "_sanitize", "_services",
        "_tasks",
    )  # fmt: skip
    patching.require(alb, "_tgs", "_listeners")
    patching.wrap_action(ecs, "CreateService", lambda old: _create_service(deployments, old))
    patching.wrap_action(ecs, "UpdateService", lambda old: _update_service(deployments, old))
    patching.wrap_action(ecs, "DeleteService", _delete_service)
    patching.wrap_action(ecs, "DeleteCluster", _delete_cluster)


def _refused(code: str, message: str) -> Any:
    return error_response_json(code, message, 400)


def _create_service(deployments: ServiceDeployments, old: Function) -> Function:
    def create(data: Record) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
        if cluster not in ecs._clusters:
            return _refused("ClusterNotFoundException", "Cluster not found.")
        twin = ecs._services.get(f"{cluster}/{data.get('serviceName')}")
        if twin is not None and twin["status"] == "DRAINING":
            return _refused(
                "InvalidParameterException", "Unable to Start a service that is still Draining."
            )
        refusal = _target_group_refusal(data)
        return refusal or _noticed(deployments, data, data.get("serviceName", ""), old)

    return create


def _target_group_refusal(data: Record) -> Any:
    for one in data.get("loadBalancers") or []:
        arn = one.get("targetGroupArn")
        if arn and arn not in alb._tgs:
            return _refused(
                "InvalidParameterException",
                f"Unable to assume role or validate the target group: {arn} not found.",
            )
        if arn and not _is_behind_listener(arn):
            return _refused(
                "InvalidParameterException",
                f"The target group with targetGroupArn {arn} does not have an associated load "
                "balancer.",
            )
    return None


def _is_behind_listener(group: str) -> bool:
    return any(group in groups_of(listener) for listener in list(alb._listeners))


def _update_service(deployments: ServiceDeployments, old: Function) -> Function:
    def update(data: Record) -> Any:
        service = _named_service(data)
        if service is not None and service["status"] != "ACTIVE":
            return _refused("ServiceNotActiveException", "Service was not ACTIVE.")
        refusal = _target_group_refusal(data)
        return refusal or _noticed(deployments, data, data.get("service", ""), old)

    return update


def _noticed(deployments: ServiceDeployments, data: Record, name: str, old: Function) -> Any:
    """Carry out the action and answer with the deployment that it began."""
    answer = old(data)
    service = _named_service({**data, "service": name})
    if answer[0] != 200 or service is None:
        return answer
    service.setdefault("availabilityZoneRebalancing", "ENABLED")
    service.update({key: data[key] for key in _DROPPED if key in data})
    deployments.notice(service)
    return json_response({"service": ecs._sanitize(service)})


def _delete_service(old: Function) -> Function:
    def delete(data: Record) -> Any:
        service = _named_service(data)
        answer = old(data)
        if answer[0] != 200 or service is None:
            return answer
        if live_tasks(service):
            service["status"] = "DRAINING"
        return json_response({"service": ecs._sanitize(service)})

    return delete


def _named_service(data: Record) -> Record | None:
    cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
    reference = ecs._resolve_service_ref(data.get("service", ""))
    if cluster is None or reference is None:
        return None
    found: Record | None = ecs._services.get(f"{cluster}/{reference[0]}")
    return found


def _delete_cluster(old: Function) -> Function:
    def delete(data: Record) -> Any:
        cluster = ecs._clusters.get(ecs._resolve_cluster_name(data.get("cluster") or "default"))
        if cluster is not None:
            arn = cluster["clusterArn"]
            if any(_counts(one, arn) for one in ecs._services.values()):
                return _refused(
                    "ClusterContainsServicesException",
                    "The Cluster cannot be deleted while Services are active.",
                )
            if any(
                task["clusterArn"] == arn and task["lastStatus"] != "STOPPED"
                for task in list(ecs._tasks.values())
            ):
                return _refused(
                    "ClusterContainsTasksException",
                    "The Cluster cannot be deleted while Tasks are active.",
                )
        return old(data)

    return delete


def _counts(service: Record, cluster: str) -> bool:
    return bool(service["clusterArn"] == cluster and service["status"] in ("ACTIVE", "DRAINING"))
