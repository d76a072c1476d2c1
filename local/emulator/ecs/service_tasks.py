"""Which tasks a service has, which service a task has, and which targets."""

from typing import Any

from ministack.services import ecs

from local.emulator.elbv2.target_health import Key

Record = dict[str, Any]


def service_of(task: Record) -> Record | None:
    """Return the service that `task` belongs to, or None."""
    group = task.get("group") or ""
    if not group.startswith("service:"):
        return None
    cluster = task["clusterArn"].rsplit("/", 1)[-1]
    found: Record | None = ecs._services.get(f"{cluster}/{group.removeprefix('service:')}")
    return found


def targets_of(service: Record, task: Record) -> list[Key]:
    """Return the targets of `task` in the target groups of its service."""
    address = ecs._task_ip(task)
    return [
        Key(one["targetGroupArn"], address, int(one["containerPort"]))
        for one in service.get("loadBalancers") or []
        if one.get("targetGroupArn") and address
    ]


def live_tasks(service: Record) -> list[Record]:
    """Return the tasks of `service` that have not stopped."""
    group = f"service:{service['serviceName']}"
    return [
        task
        for task in list(ecs._tasks.values())
        if task.get("group") == group
        and task["clusterArn"] == service["clusterArn"]
        and task["lastStatus"] != "STOPPED"
    ]
