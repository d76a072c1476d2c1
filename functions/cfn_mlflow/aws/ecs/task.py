"""ECS: the state of tasks, and the reason why one stopped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.ecs.client import ecs
from cfn_mlflow.aws.logs.log_group import last_lines
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason

STREAM_PREFIX = "mlflow"
"""Log streams are named prefix/container/task."""

STOPPED_BYTES, LINE_BYTES = 140, 95
LINES_LOOKED_AT = 40
FAILED_TO_START = "TaskFailedToStart"
AGENT = "aws-guardduty-agent"
"""GuardDuty adds a container of this name to a task. Its end does not end the task."""

_ADVICE = (
    (
        r"CannotPull|ImageNotFound|pull image|image Manifest",
        Reason.ImageNotPullable,
        "Check the image's name and that the task subnets reach its registry (NAT or endpoints)",
    ),
    (
        r"unable to (pull|retrieve) secrets?|ResourceInitializationError|Unable to get secret",
        Reason.SecretNotReadable,
        "Check that the task subnets reach AWS (NAT or endpoints) and that the secret may be read",
    ),
    (
        r"assume the role",
        Reason.AccessDenied,
        "Deploy again; if it stays, check the role's trust policy",
    ),
    (
        r"health checks?",
        Reason.ServiceNotStable,
        "Check that the load balancer's and the tasks' subnets reach each other, and the log",
    ),
    (r"OutOfMemory|exit code 137", Reason.TaskOutOfMemory, "Give the tasks more memory"),
)
_CREDENTIALS = (
    (re.compile(r"(://[^:/\s@]*:)[^@\s]+@"), r"\1***@"),
    (re.compile(r"(?i)((?:password|passwd|secret|token)\w*['\"]?\s*[=:]\s*)\S+"), r"\1***"),
)
_TELLING = re.compile(r"error|exception|fatal|denied|refused|failed|no module", re.IGNORECASE)


@dataclass(frozen=True)
class Container:
    """A container of a task that ran, or should have."""

    name: str
    exit_code: int | None
    reason: str
    image_digest: str = ""
    """The digest of the image that ECS pulled."""

    @property
    def failed(self) -> bool:
        """Return whether it failed to start, or ended with an exit code other than 0."""
        return bool(self.exit_code) or (self.exit_code is None and bool(self.reason))


@dataclass(frozen=True)
class Task:
    """A task as it stands; ECS shows a stopped one for about an hour."""

    arn: str
    definition_arn: str
    status: str
    stop_code: str
    stopped_reason: str
    created_at: Any
    stopped_at: Any
    containers: tuple[Container, ...]
    started_by: str = ""
    address: str = ""
    """Its private IPv4 address, once it has one."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The variables that it got in addition to those of its task definition."""

    @property
    def id(self) -> str:
        """Return the last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def stopped(self) -> bool:
        """Return whether it has stopped for good."""
        return self.status == "STOPPED"

    @property
    def exit_code(self) -> int | None:
        """Return the exit code of the task's first container, if it ran."""
        return self.containers[0].exit_code if self.containers else None

    @property
    def reasons(self) -> str:
        """Return all that ECS says of its end."""
        return " ".join([self.stopped_reason, *(one.reason for one in self.containers)])

    def stream(self, container: str) -> str:
        """Return the name of a container's log stream."""
        return f"{STREAM_PREFIX}/{container}/{self.id}"


def tasks(cluster: str, *, stopped: bool, **of: str) -> list[Task]:
    """Return the tasks of a service (`serviceName`) or a `family`, oldest first.

    Rests on ecs:ListTasks and DescribeTasks; of a cluster that is not there, none.
    """
    asked: Any = {"desiredStatus": "STOPPED" if stopped else "RUNNING", **of}
    try:
        pages = ecs().get_paginator("list_tasks").paginate(cluster=cluster, **asked)
        # A page is as long as what DescribeTasks takes.
        lists = [page["taskArns"] for page in pages if page["taskArns"]]
        found = [
            one
            for arns in lists
            for one in ecs().describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        ]
    except Exception as error:
        if code(error) in ("ClusterNotFoundException", "ServiceNotFoundException"):
            return []
        raise
    return sorted((_task(one) for one in found), key=lambda task: str(task.created_at or ""))


def why(task: Task, log_group: str) -> Cause:
    """Return why a task stopped and what to do, in at most 345 bytes and without secrets."""
    container = next((one for one in task.containers if one.failed), None) or _ended(task)
    reason = _reason(task, container)
    ran = container is not None and container.exit_code is not None
    line = _telling_line(log_group, task, container) if container and ran else ""
    said = f"; its log says: {cut(line, LINE_BYTES)}" if line else ""
    kind, advice = _advice(reason, log_group)
    return Cause(kind, f"{cut(reason, STOPPED_BYTES)}{said}. {advice}")


def older(task: Task, seconds: int) -> bool:
    """Return whether a task stopped more than `seconds` ago."""
    stopped: Any = task.stopped_at
    if not isinstance(stopped, datetime):
        return False
    return datetime.now(UTC) - stopped > timedelta(seconds=seconds)


def cut(text: str, limit: int) -> str:
    """Return the text in one line, without passwords, cut to `limit` bytes of UTF-8."""
    text = " ".join(text.split()).rstrip(".")
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    if len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - 3].decode(errors="ignore") + "..."


def _ended(task: Task) -> Container | None:
    """Return the container whose end with exit code 0 ended the task: a server should not end."""
    if task.stop_code != "EssentialContainerExited":
        return None
    return next((one for one in task.containers if one.exit_code is not None), None)


def _reason(task: Task, container: Container | None) -> str:
    if container is None or task.stop_code not in ("", "EssentialContainerExited", FAILED_TO_START):
        return task.stopped_reason or "no reason given"
    if container.exit_code is None:
        return container.reason
    more = f" ({container.reason})" if container.reason else ""
    return f"container {container.name} ended with exit code {container.exit_code}{more}"


def _telling_line(log_group: str, task: Task, container: Container) -> str:
    lines = last_lines(log_group, task.stream(container.name), LINES_LOOKED_AT)
    lines = [line for line in lines if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    return (telling or lines or [""])[-1]


def _advice(reason: str, log_group: str) -> tuple[Reason, str]:
    for pattern, kind, advice in _ADVICE:
        if re.search(pattern, reason, re.IGNORECASE):
            return kind, advice
    return Reason.TaskFailed, f"See log group {log_group}"


def _task(found: Mapping[str, Any]) -> Task:
    return Task(
        arn=found["taskArn"],
        definition_arn=found.get("taskDefinitionArn", ""),
        status=found.get("lastStatus", ""),
        stop_code=found.get("stopCode", ""),
        stopped_reason=found.get("stoppedReason", ""),
        created_at=found.get("createdAt"),
        stopped_at=found.get("stoppedAt"),
        containers=_containers(found.get("containers", [])),
        started_by=found.get("startedBy", ""),
        address=_address(found),
        environment={
            one["name"]: one.get("value", "")
            for override in found.get("overrides", {}).get("containerOverrides", [])
            for one in override.get("environment", [])
        },
    )


def _address(found: Mapping[str, Any]) -> str:
    details = (
        detail
        for attachment in found.get("attachments", [])
        for detail in attachment.get("details", [])
    )
    return next((one["value"] for one in details if one["name"] == "privateIPv4Address"), "")


def _containers(found: Sequence[Mapping[str, Any]]) -> tuple[Container, ...]:
    return tuple(
        Container(
            one.get("name", ""),
            one.get("exitCode"),
            one.get("reason", ""),
            one.get("imageDigest", ""),
        )
        for one in found
        if not one.get("name", "").startswith(AGENT)
    )
