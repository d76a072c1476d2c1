"""The deep check: after each deployment, a task inside the network uses MLflow as its users do.

The load balancer's health check must not touch the database. This check reads from it, and writes,
reads and deletes an artifact, at every task of the service. A tag says that a task definition has
passed.

A run gets the addresses of the tasks in its environment, which ECS limits to so many characters. If
a service has more tasks, the next run goes on after the last address of the run before.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow import deep_check
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags
from cfn_mlflow.aws.ecs.task import Task, cut, tasks, why
from cfn_mlflow.aws.ecs.task_definition import IMAGE_DIGEST_TAG, TaskDefinitionView, deregister
from cfn_mlflow.deep_check import DeepCheckReport
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Updatable, as_observed
from cfn_mlflow.outcome import Cause, PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.upgrade.fallback_image import with_way_out
from cfn_mlflow.upgrade.image_task import (
    OVERRIDES_CHARACTERS,
    Launcher,
    log_is_whole,
    overrides,
    running,
    worth_another,
)
from cfn_mlflow.upgrade.migration.notes import CHECK

CHECKED_TAG = "cfn-mlflow:checked"
"""On the server's task definition: it has passed the deep check."""
SAID_BYTES = 250
SERVERS, HOST = "CFN_MLFLOW_SERVERS", "CFN_MLFLOW_HOST"
"""Variables by which the script knows the servers to ask, and the host name to ask for."""


@dataclass(frozen=True)
class DeepCheckView:
    """Whether the check has passed; if not, its tasks and the report of the last one."""

    passed: bool
    tasks: tuple[Task, ...] = ()
    report: DeepCheckReport | None = None
    well: tuple[Task, ...] = ()
    """The tasks up to the last one whose servers are all healthy; later ones asked the others."""
    image_digest: str = ""


@dataclass(frozen=True, eq=False)
class DeepCheck(Attached[DeepCheckView], Updatable[DeepCheckView]):
    """The check of one revision of the server's task definition, at every task of it that runs."""

    display_name: ClassVar[str] = "deep check"

    launcher: Value[Launcher]
    definition: Value[TaskDefinitionView]
    """The server's task definition."""
    host_name: Value[str]
    container: str
    port: int
    fallback_at: Value[str] = ""
    """The database's revision if the fallback image serves, else empty."""

    @property
    def purpose(self) -> str:
        """Return the purpose of this check's tasks, which names the revision of the server."""
        return f"{CHECK}-{self._revision.arn.rpartition(':')[2]}"

    def observe(self) -> Observation[DeepCheckView] | None:
        """Read the tag, else find the tasks and read their log.

        Rests on ecs:ListTasks, DescribeTasks and logs:GetLogEvents. Returns None if a run is to
        begin: the first one, or one for the remaining servers.
        """
        return as_observed(self._view())

    def _view(self) -> DeepCheckView | None:
        if self._is_noted:
            noted = self._revision.tags.get(IMAGE_DIGEST_TAG)
            digest = self._image_digest() if noted is None else noted
            return DeepCheckView(passed=True, image_digest=digest)
        view = self._so_far()
        if not view.tasks:
            # A service without a task has nothing to check. The next deployment checks it.
            return None if self._servers() else DeepCheckView(passed=True)
        if not view.passed or running(view.tasks):
            return view
        if self._servers_after(view.well):
            return None
        return replace(view, image_digest=self._image_digest())

    def create(self) -> None:
        """Start the task that checks (ecs:RunTask)."""
        self._start(self._so_far())

    def compare(self, found: Observation[DeepCheckView]) -> Observation[DeepCheckView]:
        """Report the state of the task, or that another attempt is due; note a check that passed.

        Rests on ecs:TagResource. Raises PermanentError if a server is not healthy.
        """
        view = found.view
        busy = self._busy(view)
        if busy:
            return replace(found, busy=busy)
        if not self._is_noted and view.tasks and not view.passed:
            return replace(found, differs=("another attempt",))
        self._note(view)
        return found

    def _busy(self, view: DeepCheckView) -> str | None:
        """Return the state of the task; None if it has ended. Fails if a server is not healthy."""
        if not view.tasks:
            return None
        one, last = running(view.tasks), view.tasks[-1]
        if one:
            return one.status.lower()
        if view.report is None and not log_is_whole(last):
            return "waiting for its log"
        # One more run asks the addresses of then, because a task may have been replaced meanwhile.
        failed = view.tasks[len(view.well) :]
        again = view.report is None or len(failed) == 1
        if not view.passed and not worth_another(failed, retryable=again):
            deregister(self._revision.arn)
            cause = self._cause(last, view.report)
            told = with_way_out(cause, self._launcher.owner, known(self.fallback_at))
            raise PermanentError(told.reason, told.words)
        return None

    def update(self, found: Observation[DeepCheckView]) -> None:
        """Check again (ecs:RunTask)."""
        self._start(found.view)

    def _note(self, view: DeepCheckView) -> None:
        """Note that the check has passed, and the image's digest (ecs:TagResource)."""
        lacks_digest = self._is_noted and IMAGE_DIGEST_TAG not in self._revision.tags
        if view.tasks or lacks_digest:
            notes = ecs_tags({CHECKED_TAG: "true", IMAGE_DIGEST_TAG: view.image_digest})
            ecs().tag_resource(resourceArn=self._revision.arn, tags=notes)

    @property
    def _revision(self) -> TaskDefinitionView:
        return known(self.definition)

    @property
    def _launcher(self) -> Launcher:
        return known(self.launcher)

    @property
    def _is_noted(self) -> bool:
        return CHECKED_TAG in self._revision.tags

    def _so_far(self) -> DeepCheckView:
        """Return the result so far; a report counts even before ECS knows the exit code."""
        found = self._launcher.runs(self.purpose)
        report = deep_check.parse(self._launcher.lines(found[-1])) if found else None
        healthy = bool(report and report.healthy)
        return DeepCheckView(healthy, found, report, found if healthy else _well(found[:-1]))

    def _start(self, view: DeepCheckView) -> None:
        command = deep_check.command()
        servers = _as_many_as_fit(self._servers_after(view.well), self._environment, command)
        self._launcher.start(
            self.purpose, view.tasks, environment=self._environment(servers), command=command
        )

    def _environment(self, servers: Sequence[str]) -> dict[str, str]:
        return {SERVERS: ",".join(servers), HOST: known(self.host_name).lower()}

    def _servers(self) -> list[str]:
        """Return the sorted addresses of the running tasks of this revision."""
        return sorted(f"{task.address}:{self.port}" for task in self._tasks() if task.address)

    def _tasks(self) -> list[Task]:
        found = tasks(self._launcher.cluster, stopped=False, serviceName=self._launcher.cluster)
        return [task for task in found if task.definition_arn == self._revision.arn]

    def _image_digest(self) -> str:
        """Return the image's digest as ECS reports it; empty if ECS reports none."""
        told = (
            container.image_digest
            for task in self._tasks()
            for container in task.containers
            if container.name == self.container
        )
        return next(filter(None, told), "")

    def _servers_after(self, well: Sequence[Task]) -> list[str]:
        """Return the servers that are still to be asked: those after the last healthy run's."""
        last = well[-1].environment.get(SERVERS, "").rpartition(",")[2] if well else ""
        return [server for server in self._servers() if server > last]

    def _cause(self, last: Task, report: DeepCheckReport | None) -> Cause:
        if report is None:
            stopped = why(last, self._launcher.log_group)
            return Cause(stopped.reason, f"{self.display_name}: {stopped.words}")
        said = f"{cut(report.reason, SAID_BYTES)}. See log group {self._launcher.log_group}"
        return Cause(Reason.DeepCheckFailed, f"{self.display_name}: {said}")


def _well(runs: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return the runs up to the last one that ended with exit code 0."""
    ends = [place for place, run in enumerate(runs, 1) if run.exit_code == 0]
    return runs[: ends[-1]] if ends else ()


def _as_many_as_fit(
    servers: Sequence[str],
    environment: Callable[[Sequence[str]], Mapping[str, str]],
    command: Sequence[str],
) -> Sequence[str]:
    """Return the first servers, as many as fit into the overrides that ECS takes."""
    without = len(json.dumps(overrides(environment(()), command)))
    room = OVERRIDES_CHARACTERS - without
    ends = itertools.accumulate(len(server) + 1 for server in servers)
    return servers[: sum(end <= room for end in ends)]
