"""Starts, finds and reads the tasks of the service's image that run to an end.

All of them are of the migration's task definition, and share its image, network, login and log.
`startedBy` says what a task is for. So a function finds the task that a killed one has started.
The provider never stops such a task.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags
from cfn_mlflow.aws.ecs.task import FAILED_TO_START, Task, cut, older, tasks
from cfn_mlflow.aws.logs.log_group import last_lines
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.upgrade.migration.notes import MIGRATE

CONTAINER = "migration"

OVERRIDES_CHARACTERS = 8192
"""The characters that ECS takes as the overrides of one task, as JSON."""

ATTEMPTS = 3
"""How often a task is started, if it fails for a reason that may pass."""

LINES_READ = 50
SECONDS_FOR_THE_LOG = 20
"""How long after a task has stopped the last lines of its log may still arrive."""

_MAY_PASS = re.compile(
    r"assume the role|not authorized|AccessDenied|capacity|throttl|rate exceeded|internal",
    re.IGNORECASE,
)
"""Reasons of a stop that may pass: a role that was just created is not visible everywhere yet."""


@dataclass(frozen=True)
class Launcher:
    """Starts and finds the tasks of one revision of the migration's task definition."""

    owner: Owner
    definition_arn: str
    cluster: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    log_group: str

    @property
    def family(self) -> str:
        """Return the task definition's family."""
        return self.definition_arn.rsplit("/", 1)[-1].rpartition(":")[0]

    def of(self, definition_arn: str) -> Launcher:
        """Return the launcher of another revision."""
        return replace(self, definition_arn=definition_arn)

    def runs(self, purpose: str) -> tuple[Task, ...]:
        """Return the tasks of this revision that are for a purpose, oldest first.

        Rests on ecs:ListTasks and DescribeTasks.
        """
        found = runs_of_family(self.owner, self.cluster, self.family, purpose)
        return tuple(task for task in found if task.definition_arn == self.definition_arn)

    def start(
        self,
        purpose: str,
        earlier: Sequence[Task],
        *,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
    ) -> None:
        """Start a task for a purpose (ecs:RunTask).

        The same call, repeated after a kill, starts no second task. `earlier` is the attempts so
        far. Raises TemporaryError if ECS could not place the task.
        """
        # ECS remembers a token for longer than it shows a stopped task, so the token has the hour.
        hour = datetime.now(UTC).strftime("%Y-%m-%dT%H")
        attempt = "|".join([self.definition_arn, purpose, hour, *(task.arn for task in earlier)])
        answer = ecs().run_task(
            cluster=self.cluster,
            taskDefinition=self.definition_arn,
            launchType="FARGATE",
            count=1,
            clientToken=hashlib.sha256(attempt.encode()).hexdigest(),
            startedBy=started_by(purpose, self.owner),
            tags=ecs_tags(self.owner.tags),
            enableECSManagedTags=True,
            overrides=overrides(environment or {}, command),
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(self.subnet_ids),
                    "securityGroups": list(self.security_group_ids),
                    "assignPublicIp": "DISABLED",
                }
            },
        )
        if answer.get("failures") and not answer.get("tasks"):
            reason = answer["failures"][0].get("reason", "no reason given")
            raise TemporaryError(f"ECS could not start it ({cut(reason, 80)}); trying again")

    def lines(self, task: Task) -> list[str]:
        """Return the last 50 lines of a task's log (logs:GetLogEvents)."""
        return last_lines(self.log_group, task.stream(CONTAINER), LINES_READ)

    def tags(self) -> Tags:
        """Return the task definition's tags, none if it is gone (ecs:ListTagsForResource)."""
        try:
            found = ecs().list_tags_for_resource(resourceArn=self.definition_arn)["tags"]
        except Exception as error:
            if is_missing(error):
                return {}
            raise
        return tag_map(found)


def overrides(environment: Mapping[str, str], command: Sequence[str]) -> Any:
    """Return the overrides with which RunTask gives a task an environment and a command."""
    container: dict[str, Any] = {"name": CONTAINER}
    if environment:
        container["environment"] = [{"name": k, "value": v} for k, v in environment.items()]
    if command:
        container["command"] = list(command)
    return {"containerOverrides": [container]}


def migrations(owner: Owner, cluster: str, family: str) -> list[Task]:
    """Return the migrations of an owner that have not stopped yet, of all revisions.

    Rests on ecs:ListTasks and DescribeTasks.
    """
    found = runs_of_family(owner, cluster, family, MIGRATE)
    return [task for task in found if not task.stopped]


def runs_of_family(owner: Owner, cluster: str, family: str, purpose: str) -> list[Task]:
    """Return an owner's tasks that are for a purpose, of all revisions, oldest first.

    Rests on ecs:ListTasks and DescribeTasks.
    """
    found = {
        task.arn: task
        for stopped in (False, True)
        for task in tasks(cluster, stopped=stopped, family=family)
        if task.started_by == started_by(purpose, owner)
    }
    return sorted(found.values(), key=lambda task: str(task.created_at or ""))


def started_by(purpose: str, owner: Owner) -> str:
    """Return the `startedBy` of an owner's tasks that are for a purpose."""
    return f"cfn-mlflow/{purpose}/{owner.digest}"


def running(found: Sequence[Task]) -> Task | None:
    """Return the task that runs; None if all have stopped."""
    return next((task for task in found if not task.stopped), None)


def log_is_whole(task: Task) -> bool:
    """Tell whether the log of a stopped task has all its lines."""
    return task.exit_code is None or older(task, SECONDS_FOR_THE_LOG)


def worth_another(found: Sequence[Task], *, retryable: bool) -> bool:
    """Tell whether to start another task, after the failed attempts so far.

    `retryable` says that the last one failed for a reason that may pass.
    """
    last = found[-1]
    may_pass = retryable or (
        last.stop_code == FAILED_TO_START and bool(_MAY_PASS.search(last.reasons))
    )
    return may_pass and len(found) < ATTEMPTS
