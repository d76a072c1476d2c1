"""Service deployments and revisions: what ECS remembers of each deployment of a service.

ministack answers ListServiceDeployments and its like with nothing. Its own record of a deployment,
which it drops when the next one is done, is kept here and read when asked.
"""

import threading
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from local.emulator.core import patching
from local.emulator.core.patching import Function

Record = dict[str, Any]
_RUNNING = ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


@dataclass
class ServiceDeployment:
    """One deployment: ministack's live record of it, and what surrounds it."""

    service: Record
    deployment: Record
    source: Record | None
    finished: str | None = None

    @property
    def number(self) -> str:
        """The last part of its ARNs."""
        return str(self.deployment["id"]).rsplit("/", 1)[-1]

    @property
    def arn(self) -> str:
        """Its own ARN."""
        return f"{_base(self.service, 'service-deployment')}/{self.number}"

    @property
    def revision(self) -> str:
        """The ARN of the service revision that it brings."""
        return revision_arn(self.service, self.deployment)

    @property
    def status(self) -> str:
        """Its ServiceDeploymentStatus."""
        state = self.deployment.get("rolloutState")
        if state == "COMPLETED":
            return "SUCCESSFUL"
        if state == "FAILED":
            return self._failed_status()
        superseded = self.deployment not in self.service["deployments"]
        return "STOPPED" if superseded or self.deployment["status"] != "PRIMARY" else "IN_PROGRESS"

    def _failed_status(self) -> str:
        back = self.deployment.get("_rolled_back_to")
        if back is None:
            return "STOPPED"
        if back.get("rolloutState") == "FAILED":
            return "ROLLBACK_FAILED"
        return (
            "ROLLBACK_SUCCESSFUL" if back.get("rolloutState") == "COMPLETED"
            else "ROLLBACK_IN_PROGRESS"
        )  # fmt: skip


def revision_arn(service: Record, deployment: Record) -> str:
    """Return the ARN of the service revision of `deployment`."""
    number = str(deployment["id"]).rsplit("/", 1)[-1]
    return f"{_base(service, 'service-revision')}/{number}"


def _base(service: Record, kind: str) -> str:
    return str(service["serviceArn"]).replace(":service/", f":{kind}/")


class ServiceDeployments:
    """All deployments of all services, the newest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[ServiceDeployment] = []

    def notice(self, service: Record) -> None:
        """Take note of a deployment of `service` that is new, and of one that has ended."""
        with self._lock:
            known = {id(one.deployment) for one in self._all}
            for deployment in reversed(service["deployments"]):
                if id(deployment) not in known:
                    self._add(service, deployment)
            for one in self._all:
                if one.finished is None and one.status not in _RUNNING:
                    one.finished = ecs._iso()

    def _add(self, service: Record, deployment: Record) -> None:
        completed = [
            one.deployment
            for one in self._all
            if one.service is service and one.deployment.get("rolloutState") == "COMPLETED"
        ]
        new = ServiceDeployment(service, deployment, completed[0] if completed else None)
        self._all.insert(0, new)
        service["currentServiceDeployment"] = new.arn

    def find(self, arn: str) -> ServiceDeployment | None:
        """Return the deployment with this ARN or this revision's ARN."""
        with self._lock:
            return next((one for one in self._all if arn in (one.arn, one.revision)), None)

    def of(self, service: str, cluster: str) -> list[ServiceDeployment]:
        """Return the deployments of a service, which is given by name or ARN."""
        with self._lock:
            return [
                one
                for one in self._all
                if service in (one.service["serviceArn"], one.service["serviceName"])
                and one.service["clusterArn"].endswith(f"/{cluster.rsplit('/', 1)[-1]}")
            ]


def install() -> ServiceDeployments:
    """Answer the three actions, and follow CreateService and UpdateService."""
    patching.require(ecs, "_iso", "_sanitize", "_services", "_circuit_breaker_threshold")
    known = ServiceDeployments()
    patching.wrap_action(ecs, "ListServiceDeployments", lambda old: _list(known))
    patching.wrap_action(ecs, "DescribeServiceDeployments", lambda old: _describe(known))
    patching.wrap_action(ecs, "DescribeServiceRevisions", lambda old: _describe_revisions(known))
    return known


def _list(known: ServiceDeployments) -> Function:
    def handler(data: Record) -> Any:
        found = known.of(data.get("service", ""), data.get("cluster") or "default")
        if not found:
            return error_response_json("ServiceNotFoundException", "Service not found.", 400)
        wanted = data.get("status") or []
        briefs = [_brief(one) for one in found if not wanted or one.status in wanted]
        return json_response({"serviceDeployments": briefs[: data.get("maxResults") or 100]})

    return handler


def _brief(one: ServiceDeployment) -> Record:
    brief: Record = ecs._sanitize(
        {
            "serviceDeploymentArn": one.arn,
            "serviceArn": one.service["serviceArn"],
            "clusterArn": one.service["clusterArn"],
            "createdAt": one.deployment["createdAt"],
            "startedAt": one.deployment["createdAt"],
            "finishedAt": one.finished,
            "targetServiceRevisionArn": one.revision,
            "status": one.status,
            "statusReason": one.deployment.get("rolloutStateReason") or None,
        }
    )
    return brief


def _describe(known: ServiceDeployments) -> Function:
    def handler(data: Record) -> Any:
        found, failures = [], []
        for arn in data.get("serviceDeploymentArns") or []:
            one = known.find(arn)
            if one is None:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(_whole(one))
        return json_response({"serviceDeployments": found, "failures": failures})

    return handler


def _whole(one: ServiceDeployment) -> Record:
    whole = _brief(one)
    del whole["targetServiceRevisionArn"]
    whole["updatedAt"] = one.deployment["updatedAt"]
    whole["deploymentConfiguration"] = one.service["deploymentConfiguration"]
    whole["targetServiceRevision"] = _summary(one.service, one.deployment)
    whole["sourceServiceRevisions"] = [_summary(one.service, one.source)] if one.source else []
    whole["deploymentCircuitBreaker"] = _breaker(one)
    back = one.deployment.get("_rolled_back_to")
    if back is not None:
        whole["rollback"] = {
            "reason": one.deployment["rolloutStateReason"],
            "startedAt": one.deployment["updatedAt"],
            "serviceRevisionArn": revision_arn(one.service, back),
        }
    return whole


def _summary(service: Record, deployment: Record) -> Record:
    return {
        "arn": revision_arn(service, deployment),
        "requestedTaskCount": deployment["desiredCount"],
        "runningTaskCount": deployment["runningCount"],
        "pendingTaskCount": deployment["pendingCount"],
    }


def _breaker(one: ServiceDeployment) -> Record:
    breaker = one.service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
    failed = one.deployment.get("failedTasks", 0)
    if not breaker.get("enable"):
        return {"status": "DISABLED", "failureCount": 0, "threshold": 0}
    status = "MONITORING" if one.status == "IN_PROGRESS" else "MONITORING_COMPLETE"
    if one.deployment.get("rolloutState") == "FAILED":
        status = "TRIGGERED"
    threshold = ecs._circuit_breaker_threshold(one.service)
    return {"status": status, "failureCount": failed, "threshold": threshold}


def _describe_revisions(known: ServiceDeployments) -> Function:
    def handler(data: Record) -> Any:
        found, failures = [], []
        for arn in data.get("serviceRevisionArns") or []:
            one = known.find(arn)
            if one is None:
                failures.append({"arn": arn, "reason": "MISSING"})
                continue
            names = ("launchType", "platformVersion", "loadBalancers", "networkConfiguration")
            found.append(
                {
                    "serviceRevisionArn": one.revision,
                    "serviceArn": one.service["serviceArn"],
                    "clusterArn": one.service["clusterArn"],
                    "taskDefinition": one.deployment["taskDefinition"],
                    "createdAt": one.deployment["createdAt"],
                    **{name: one.service[name] for name in names if one.service.get(name)},
                }
            )
        return json_response({"serviceRevisions": found, "failures": failures})

    return handler
