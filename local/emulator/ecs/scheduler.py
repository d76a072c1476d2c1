"""The ECS service scheduler, where ministack's differs from AWS's.

ministack starts, replaces and drains tasks. Here it learns that a task counts only when its targets
are healthy, that one that stays unhealthy is replaced, and that a deployment begins unfinished.
"""

import logging
import threading
import time
from collections import Counter
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import new_uuid, request_scope
from ministack.services import ecs

from local.emulator.core import patching
from local.emulator.core.patching import Function
from local.emulator.ecs import deployments, services, task_lifecycle
from local.emulator.ecs.deployments import ServiceDeployments
from local.emulator.ecs.service_tasks import Record, live_tasks, service_of, targets_of
from local.emulator.elbv2.load_balancers import LoadBalancers
from local.emulator.elbv2.target_health import Health

_LOOK_SECONDS = 0.3

_STEADY_SECONDS = 1.0
"""A task without a target group counts once it has lived this long, as ministack has it."""

_FREE_FAILURES = 3

_LONGEST_PAUSE_SECONDS = 10.0

_LONGEST_LEAVE_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Scheduler:
    """What is added to ministack's scheduler."""

    def __init__(self, balancers: LoadBalancers, deployments: ServiceDeployments) -> None:
        self._balancers = balancers
        self._deployments = deployments
        self._running_since: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}

    def start(self) -> None:
        """Look after all services for as long as the emulator lives."""
        threading.Thread(target=self._follow, name="ecs-services", daemon=True).start()

    def leave(self, task: Record) -> None:
        """Wait until the targets of a stopping task have left their groups."""
        service = service_of(task)
        end = time.monotonic() + _LONGEST_LEAVE_SECONDS
        for key in targets_of(service, task) if service else []:
            # Somebody may have registered the address by hand: then the task goes all the same.
            while (
                self._balancers.health.of(key).reason != "Target.NotRegistered"
                and time.monotonic() < end
            ):
                time.sleep(0.1)

    def is_healthy(self, service: Record, task: Record) -> bool:
        """Whether every target of the task is healthy; True for a service without any."""
        return all(one.state == "healthy" for one in self._health(service, task))

    def _health(self, service: Record, task: Record) -> list[Health]:
        return [self._balancers.health.of(key) for key in targets_of(service, task)]

    def pause_after_failure(self, deployment: str) -> float:
        """Count a task's failure; return the seconds before the next one may start."""
        self._failures[deployment] += 1
        beyond = self._failures[deployment] - _FREE_FAILURES
        pause = min(2.0**beyond, _LONGEST_PAUSE_SECONDS) if beyond > 0 else 0.0
        self._not_before[deployment] = time.monotonic() + pause
        return pause

    def _follow(self) -> None:
        while True:
            for (account, region, name), service in list(ecs._services.all_items()):
                try:
                    with request_scope(account, region):
                        self._look(name, service)
                except Exception:
                    # One service's fault must not stop the scheduler of all others.
                    _log.exception("service %s", name)
            time.sleep(_LOOK_SECONDS)

    def _look(self, name: str, service: Record) -> None:
        cluster, service_name = name.split("/", 1)
        self._deployments.notice(service)
        if service["status"] == "DRAINING" and not live_tasks(service):
            service["status"] = "INACTIVE"
        if service["status"] != "ACTIVE":
            return
        for task in live_tasks(service):
            if task["lastStatus"] == "RUNNING":
                self._look_at_task(name, service, task)
        ecs._refresh_service_state(cluster, f"service:{service_name}")
        primary = ecs._primary_deployment(service)
        if primary and time.monotonic() >= self._not_before.get(primary["id"], 0):
            ecs._reconcile_service_tasks(cluster, name)
        if primary and primary["rolloutState"] == "IN_PROGRESS":
            ecs._complete_service_deployment(cluster, name)
            _announce_steady_state(service, primary)
        elif primary and primary["rolloutState"] == "COMPLETED":
            _drop_failed_deployments(service)

    def _look_at_task(self, name: str, service: Record, task: Record) -> None:
        since = self._running_since.setdefault(task["taskArn"], time.monotonic())
        age = time.monotonic() - since
        states = [one.state for one in self._health(service, task)]
        if "unhealthy" in states and age >= (service.get("healthCheckGracePeriodSeconds") or 0):
            self._replace(service, task)
        elif not task.get("_startup_stable") and age >= _STEADY_SECONDS:
            ecs._record_service_task_healthy(name, task)

    def _replace(self, service: Record, task: Record) -> None:
        group = service["loadBalancers"][0]["targetGroupArn"]
        reason = f"Task failed ELB health checks in (target-group {group})"
        code = "ServiceSchedulerInitiated"
        if task_lifecycle.begin_stop(task, reason, code, self.leave):
            _event(service, f"(task {task['taskArn'].rsplit('/', 1)[-1]}) {reason}")
            ecs._record_service_task_failure(task)


def install(balancers: LoadBalancers) -> Scheduler:
    """Put this into ministack's ECS and start it."""
    patching.require(
        ecs, "_complete_service_deployment", "_iso", "_primary_deployment",
        "_refresh_service_state", "_services", "_task_ip", "_tasks",
    )  # fmt: skip
    known = deployments.install()
    scheduler = Scheduler(balancers, known)
    patching.replace(ecs, "_make_deployment", _begin_unfinished)
    patching.replace(ecs, "_reconcile_service_tasks", _one_at_a_time)
    patching.replace(ecs, "_record_service_task_healthy", lambda old: _if_healthy(scheduler, old))
    patching.replace(ecs, "_record_service_task_failure", lambda old: _with_pause(scheduler, old))
    services.install(known)
    scheduler.start()
    return scheduler


def _announce_steady_state(service: Record, deployment: Record) -> None:
    if deployment["rolloutState"] == "COMPLETED":
        _event(service, f"(deployment {deployment['id']}) deployment completed.")
        _event(service, "has reached a steady state.")


def _event(service: Record, message: str) -> None:
    text = f"(service {service['serviceName']}) {message}"
    service["events"].insert(0, {"id": new_uuid(), "createdAt": ecs._iso(), "message": text})


def _drop_failed_deployments(service: Record) -> None:
    """AWS shows a failed deployment no longer once its tasks are gone and the rollback is done."""
    alive = {task.get("_deployment_id") for task in live_tasks(service)}
    service["deployments"] = [
        one
        for one in service["deployments"]
        if one["status"] == "PRIMARY" or one["rolloutState"] != "FAILED" or one["id"] in alive
    ]


def _begin_unfinished(old: Function) -> Function:
    def make(*arguments: Any, **options: Any) -> Record:
        deployment: Record = old(*arguments, **options)
        deployment["rolloutState"] = "IN_PROGRESS"
        deployment["rolloutStateReason"] = f"ECS deployment {deployment['id']} in progress."
        return deployment

    return make


def _one_at_a_time(old: Function) -> Function:
    # ministack calls it from many threads, which would each start what is missing.
    lock = threading.RLock()

    def reconcile(cluster: str, service: str) -> None:
        with lock:
            old(cluster, service)

    return reconcile


def _if_healthy(scheduler: Scheduler, old: Function) -> Function:
    def record(name: str, task: Record) -> None:
        service = ecs._services.get(name)
        if service is not None and scheduler.is_healthy(service, task):
            old(name, task)

    return record


def _with_pause(scheduler: Scheduler, old: Function) -> Function:
    def record(task: Record, *arguments: Any, **options: Any) -> None:
        service = service_of(task)
        if service is None:
            return
        before = ecs._primary_deployment(service)
        pause = scheduler.pause_after_failure(task.get("_deployment_id") or "")

        def work() -> None:
            time.sleep(pause)
            old(task, *arguments, **options)
            _note_rollback(service, before)

        if pause:
            spawn_background(work, thread_name="ecs-backoff")
        else:
            work()

    return record


def _note_rollback(service: Record, before: Record | None) -> None:
    after = ecs._primary_deployment(service)
    if before is not None and before is not after and before.get("rolloutState") == "FAILED":
        before["_rolled_back_to"] = after
