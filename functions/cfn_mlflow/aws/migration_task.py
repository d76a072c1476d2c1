"""The migration: one Fargate task that brings the database to the image's schema.

It is an object like any other. What it has come to is the tag `cfn-mlflow:schema` on the revision
of its task definition: a revision that carries it has been run, and need not be run again while
the database, where it can be asked, says the same. A task that runs is found by its family, so a
function that was killed finds it again; it is never stopped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from cfn_mlflow.aws.ecs import ecs, ecs_tags
from cfn_mlflow.aws.ecs_task import FAILED_TO_START, Task, cut, tasks, why
from cfn_mlflow.aws.ecs_task_definition import deregister
from cfn_mlflow.aws.errors import is_missing
from cfn_mlflow.aws.logs import last_lines
from cfn_mlflow.aws.not_yet import NotYet
from cfn_mlflow.aws.object import tag_map
from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.migration.result import Result, parse
from cfn_mlflow.outcome import PermanentError, TemporaryError

SCHEMA_TAG = "cfn-mlflow:schema"
CONTAINER = "migration"

ATTEMPTS = 3
"""So often a task is started that failed for a reason that may pass."""

LINES_READ = 50
SECONDS_FOR_THE_LOG = 20
"""The log's last lines may arrive after the task has stopped."""

SECONDS_OF_A_NEW_RESULT = 120
"""A run that ended longer ago may have been followed by another change of the database."""

_MAY_PASS = re.compile(
    r"assume the role|not authorized|AccessDenied|capacity|throttl|rate exceeded|internal",
    re.IGNORECASE,
)
"""A role that was just made is not known everywhere at once."""

ReadBack = Callable[[], str | None]
"""Asks the database for its revision; None if it has none."""


@dataclass(frozen=True)
class MigrationView:
    """The revision it came to, if it did, else the tasks of this task definition so far."""

    revision: str
    tasks: tuple[Task, ...]

    @property
    def running(self) -> Task | None:
        """Return the task that runs, if one does."""
        return next((task for task in self.tasks if not task.stopped), None)


@dataclass(frozen=True, eq=False)
class MigrationTask(ManagedObject[MigrationView]):
    """The migration of one revision of its task definition."""

    words: ClassVar[str] = "migration task"
    reads_by: ClassVar[tuple[str, ...]] = ("definition_arn",)

    owner: Owner
    definition_arn: str
    cluster: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    log_group: str
    read_back: ReadBack | None
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    @property
    def family(self) -> str:
        """Return the task definition's family."""
        return self.definition_arn.rsplit("/", 1)[-1].rpartition(":")[0]

    def read(self) -> MigrationView | None:
        """Read the tag, or, without one, the tasks (ecs:ListTagsForResource, ListTasks)."""
        revision = self._tag()
        if revision:
            return MigrationView(revision, ())
        found = self._tasks()
        return MigrationView("", found) if found else None

    def create(self) -> None:
        """Start the task (ecs:RunTask)."""
        self._run(())

    def busy(self, view: MigrationView) -> str | None:
        """Tell the state of the task that runs; fail if it ended and another would end alike."""
        if view.revision:
            return None
        if view.running:
            return view.running.status.lower()
        last = view.tasks[-1]
        result = self._result(last)
        if result is None:
            return "waiting for its log"
        if not result.done and not self._worth_another(view, last, result):
            deregister(self.definition_arn)
            raise PermanentError(f"migration task: {self._words(last, result)}")
        return None

    def changes(self, view: MigrationView) -> tuple[str, ...]:
        """Name the schema where the database is elsewhere, or the run is not noted yet."""
        if view.revision and (self.read_back is None or self.read_back() == view.revision):
            return ()
        return ("schema",)

    def update(self, view: MigrationView) -> None:
        """Note where a run has ended, or run again (ecs:RunTask, TagResource, UntagResource)."""
        if view.revision:
            self._run(self._tasks())
            ecs().untag_resource(resourceArn=self.definition_arn, tagKeys=[SCHEMA_TAG])
            return
        last = view.tasks[-1]
        result = self._result(last)
        if not (result and result.done and self._note(last, result)):
            self._run(view.tasks)

    def left(self, view: MigrationView) -> bool:
        """Leave what has ended: it goes with its task definition."""
        return view.running is None

    def delete(self, view: MigrationView) -> None:
        """Wait for the end of a migration: one that runs is never stopped."""
        del view
        raise TemporaryError("a migration is running and is not stopped; waiting for its end")

    def _tag(self) -> str:
        try:
            found = ecs().list_tags_for_resource(resourceArn=self.definition_arn)["tags"]
        except Exception as error:
            if is_missing(error):
                return ""
            raise
        return tag_map(found).get(SCHEMA_TAG, "")

    def _tasks(self) -> tuple[Task, ...]:
        """Return the tasks of this very task definition, oldest first."""
        found = {
            task.arn: task
            for stopped in (False, True)
            for task in tasks(self.cluster, stopped=stopped, family=self.family)
            if task.definition_arn == self.definition_arn
        }
        return tuple(sorted(found.values(), key=lambda task: str(task.created_at or "")))

    def _run(self, earlier: tuple[Task, ...]) -> None:
        """Start a task; the same call, repeated after a kill, starts no second one."""
        attempt = "|".join([self.definition_arn, *(task.arn for task in earlier)])
        with self._not_yet.patience():
            answer = ecs().run_task(
                cluster=self.cluster,
                taskDefinition=self.definition_arn,
                launchType="FARGATE",
                count=1,
                clientToken=hashlib.sha256(attempt.encode()).hexdigest(),
                startedBy=f"cfn-mlflow/{self.owner.digest}",
                tags=ecs_tags(self.owner.tags),
                enableECSManagedTags=True,
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

    def _result(self, task: Task) -> Result | None:
        """Return what a stopped task came to; None while its log may still tell."""
        lines = last_lines(self.log_group, task.stream(CONTAINER), LINES_READ)
        result = parse(lines, task.exit_code)
        if result.expected or task.exit_code is None or _older(task, SECONDS_FOR_THE_LOG):
            return result
        return None

    def _worth_another(self, view: MigrationView, last: Task, result: Result) -> bool:
        may_pass = result.retryable or (
            last.stop_code == FAILED_TO_START and bool(_MAY_PASS.search(last.reasons))
        )
        return may_pass and len(view.tasks) < ATTEMPTS

    def _words(self, last: Task, result: Result) -> str:
        if last.exit_code is None or result.outcome == "silent":
            return why(last, self.log_group)
        return f"{cut(result.words, 310)}. Log group: {self.log_group}"

    def _note(self, last: Task, result: Result) -> bool:
        """Tag the task definition with the revision; False if the database went elsewhere since.

        Raises PermanentError if the database that is asked is not the one that was migrated.
        """
        actual = self.read_back() if self.read_back else None
        revision = result.expected or actual or "unknown"
        if self.read_back and actual != revision:
            if _older(last, SECONDS_OF_A_NEW_RESULT):
                return False
            raise PermanentError(
                f"migration task: it left the database at {revision}, but the Data API reads "
                f"{actual or 'no revision'}. Check that DatabaseClusterArn and DatabaseEndpoint "
                f"are of the same cluster"
            )
        ecs().tag_resource(resourceArn=self.definition_arn, tags=ecs_tags({SCHEMA_TAG: revision}))
        return True


def _older(task: Task, seconds: int) -> bool:
    stopped: Any = task.stopped_at
    if not isinstance(stopped, datetime):
        return False
    return datetime.now(UTC) - stopped > timedelta(seconds=seconds)
