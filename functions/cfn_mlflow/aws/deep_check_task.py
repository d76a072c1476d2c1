"""The deep check: a task inside the network that uses MLflow as its users do, after each deploy.

The load balancer's health check must not touch the database; this one does, and writes, reads and
deletes an artifact, at every task of the service. That a task definition has passed is its tag.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cfn_mlflow import deep_check
from cfn_mlflow.aws.ecs import ecs, ecs_tags
from cfn_mlflow.aws.ecs_task import Task, cut, tasks, why
from cfn_mlflow.aws.ecs_task_definition import TaskDefinitionView, deregister
from cfn_mlflow.aws.image_task import Launcher, log_is_whole, running, worth_another
from cfn_mlflow.aws.migration_notes import CHECK
from cfn_mlflow.aws.not_yet import NotYet
from cfn_mlflow.aws.stand_in import with_way_out
from cfn_mlflow.deep_check import Report
from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.outcome import PermanentError

CHECKED_TAG = "cfn-mlflow:checked"
"""The task definition of the server passed the deep check."""
REASON_BYTES = 250


@dataclass(frozen=True)
class DeepCheckView:
    """Whether it has passed, else the tasks that have checked and what the last one says."""

    passed: bool
    tasks: tuple[Task, ...] = ()
    report: Report | None = None


@dataclass(frozen=True, eq=False)
class DeepCheck(ManagedObject[DeepCheckView]):
    """The check of one revision of the server's task definition, at all tasks that run of it."""

    words: ClassVar[str] = "deep check"
    goes_along: ClassVar[bool] = True

    launcher: Launcher
    definition: TaskDefinitionView
    """The server's."""
    host_name: str
    port: int
    stands_in_at: str = ""
    """The database's revision if the image stands in for one that the database is ahead of."""
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    @property
    def purpose(self) -> str:
        """Return what the tasks of this check are for: this revision of the server's."""
        return f"{CHECK}-{self.definition.arn.rpartition(':')[2]}"

    def read(self) -> DeepCheckView | None:
        """Read the tag, else find the tasks and read their log (ecs:ListTasks, DescribeTasks)."""
        if CHECKED_TAG in self.definition.tags:
            return DeepCheckView(passed=True)
        found = self.launcher.runs(self.purpose)
        if found:
            report = deep_check.parse(self.launcher.lines(found[-1]))
            return DeepCheckView(bool(report and report.healthy), found, report)
        # A service without a task has nothing to check; the next deploy does it.
        return None if self._servers() else DeepCheckView(passed=True)

    def create(self) -> None:
        """Start the task that checks (ecs:RunTask)."""
        self._start(())

    def busy(self, view: DeepCheckView) -> str | None:
        """Tell the state of the task; fail if a server does not serve."""
        if not view.tasks:
            return None
        one, last = running(view.tasks), view.tasks[-1]
        if one:
            return one.status.lower()
        if view.report is None and not log_is_whole(last):
            return "waiting for its log"
        # One more look with the addresses of then: a task may have been replaced meanwhile.
        again = view.report is None or len(view.tasks) == 1
        if not view.passed and not worth_another(view.tasks, retryable=again):
            deregister(self.definition.arn)
            cause = f"{self.words}: {self._cause(last, view.report)}"
            raise PermanentError(with_way_out(cause, self.launcher.owner, self.stands_in_at))
        return None

    def changes(self, view: DeepCheckView) -> tuple[str, ...]:
        """Name what is still to be checked, or noted."""
        if CHECKED_TAG in self.definition.tags or not view.tasks:
            return ()
        return () if view.passed else ("another attempt",)

    def update(self, view: DeepCheckView) -> None:
        """Check again (ecs:RunTask)."""
        self._start(view.tasks)

    def settling(self, view: DeepCheckView) -> str | None:
        """Note that it has passed (ecs:TagResource)."""
        if view.tasks:
            passed = ecs_tags({CHECKED_TAG: "true"})
            ecs().tag_resource(resourceArn=self.definition.arn, tags=passed)
        return None

    def delete(self, view: DeepCheckView) -> None:
        """Never called: it goes along with its task definition."""
        raise NotImplementedError

    def _start(self, earlier: tuple[Task, ...]) -> None:
        environment = {
            "CFN_MLFLOW_SERVERS": ",".join(self._servers()),
            "CFN_MLFLOW_HOST": self.host_name.lower(),
        }
        with self._not_yet.patience():
            self.launcher.start(
                self.purpose, earlier, environment=environment, command=deep_check.command()
            )

    def _servers(self) -> list[str]:
        found = tasks(self.launcher.cluster, stopped=False, serviceName=self.launcher.cluster)
        return [
            f"{task.address}:{self.port}"
            for task in found
            if task.definition_arn == self.definition.arn and task.address
        ]

    def _cause(self, last: Task, report: Report | None) -> str:
        if report is None:
            return why(last, self.launcher.log_group)
        return f"{cut(report.reason, REASON_BYTES)}. See log group {self.launcher.log_group}"
