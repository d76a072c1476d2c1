"""The deep check: a task inside the network that uses MLflow as its users do, after each deploy.

The load balancer's health check must not touch the database; this one does, and writes, reads and
deletes an artifact, at every task of the service. That a task definition has passed is its tag.

A run is told the addresses that it asks, and ECS takes so many characters: where a service has more
tasks, the next run goes on behind the last address of the one before.
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
from cfn_mlflow.outcome import PermanentError
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
"""The task definition of the server passed the deep check."""
REASON_BYTES = 250
SERVERS, HOST = "CFN_MLFLOW_SERVERS", "CFN_MLFLOW_HOST"
"""Variables that tell the script which servers to ask, and under which name."""


@dataclass(frozen=True)
class DeepCheckView:
    """Whether it has passed, else the tasks that have checked and what the last one says."""

    passed: bool
    tasks: tuple[Task, ...] = ()
    report: DeepCheckReport | None = None
    well: tuple[Task, ...] = ()
    """Those until the last whose servers all serve; what came after asked the same ones."""
    image_digest: str = ""


@dataclass(frozen=True, eq=False)
class DeepCheck(Attached[DeepCheckView], Updatable[DeepCheckView]):
    """The check of one revision of the server's task definition, at all tasks that run of it."""

    words: ClassVar[str] = "deep check"

    launcher: Value[Launcher]
    definition: Value[TaskDefinitionView]
    """The server's."""
    host_name: Value[str]
    container: str
    port: int
    fallback_at: Value[str] = ""
    """The database's revision if the fallback image serves, else empty."""

    @property
    def purpose(self) -> str:
        """Return what the tasks of this check are for: this revision of the server's."""
        return f"{CHECK}-{self._revision.arn.rpartition(':')[2]}"

    def observe(self) -> Observation[DeepCheckView] | None:
        """Read the tag, else find the tasks and read their log (ecs:ListTasks, DescribeTasks).

        None where a run is to begin: the first, or one for the servers that are left.
        """
        return as_observed(self._view())

    def _view(self) -> DeepCheckView | None:
        if self._is_noted:
            noted = self._revision.tags.get(IMAGE_DIGEST_TAG)
            digest = self._image_digest() if noted is None else noted
            return DeepCheckView(passed=True, image_digest=digest)
        view = self._so_far()
        if not view.tasks:
            # A service without a task has nothing to check; the next deploy does it.
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
        """Tell the state of the task, or that it is to be tried again; note what has passed."""
        view = found.view
        busy = self._busy(view)
        if busy:
            return replace(found, busy=busy)
        if not self._is_noted and view.tasks and not view.passed:
            return replace(found, differs=("another attempt",))
        self._note(view)
        return found

    def _busy(self, view: DeepCheckView) -> str | None:
        """Tell the state of the task; fail if a server does not serve."""
        if not view.tasks:
            return None
        one, last = running(view.tasks), view.tasks[-1]
        if one:
            return one.status.lower()
        if view.report is None and not log_is_whole(last):
            return "waiting for its log"
        # One more look with the addresses of then: a task may have been replaced meanwhile.
        failed = view.tasks[len(view.well) :]
        again = view.report is None or len(failed) == 1
        if not view.passed and not worth_another(failed, retryable=again):
            deregister(self._revision.arn)
            cause = f"{self.words}: {self._cause(last, view.report)}"
            raise PermanentError(with_way_out(cause, self._launcher.owner, known(self.fallback_at)))
        return None

    def update(self, found: Observation[DeepCheckView]) -> None:
        """Check again (ecs:RunTask)."""
        self._start(found.view)

    def _note(self, view: DeepCheckView) -> None:
        """Note that it has passed, and what the image's digest is (ecs:TagResource)."""
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
        """Return what the runs have come to; a report counts before ECS tells its exit code."""
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
        """Return the addresses of the tasks that run of this revision, in order."""
        return sorted(f"{task.address}:{self.port}" for task in self._tasks() if task.address)

    def _tasks(self) -> list[Task]:
        found = tasks(self._launcher.cluster, stopped=False, serviceName=self._launcher.cluster)
        return [task for task in found if task.definition_arn == self._revision.arn]

    def _image_digest(self) -> str:
        """Return the digest that ECS tells of the image; empty if it tells none."""
        told = (
            container.image_digest
            for task in self._tasks()
            for container in task.containers
            if container.name == self.container
        )
        return next(filter(None, told), "")

    def _servers_after(self, well: Sequence[Task]) -> list[str]:
        """Return those that are still to be asked: behind the last that was well."""
        last = well[-1].environment.get(SERVERS, "").rpartition(",")[2] if well else ""
        return [server for server in self._servers() if server > last]

    def _cause(self, last: Task, report: DeepCheckReport | None) -> str:
        if report is None:
            return why(last, self._launcher.log_group)
        return f"{cut(report.reason, REASON_BYTES)}. See log group {self._launcher.log_group}"


def _well(runs: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return the runs up to the last that ended well."""
    ends = [place for place, run in enumerate(runs, 1) if run.exit_code == 0]
    return runs[: ends[-1]] if ends else ()


def _as_many_as_fit(
    servers: Sequence[str],
    environment: Callable[[Sequence[str]], Mapping[str, str]],
    command: Sequence[str],
) -> Sequence[str]:
    """Return the first servers, as many as ECS takes the overrides of."""
    without = len(json.dumps(overrides(environment(()), command)))
    room = OVERRIDES_CHARACTERS - without
    ends = itertools.accumulate(len(server) + 1 for server in servers)
    return servers[: sum(end <= room for end in ends)]
