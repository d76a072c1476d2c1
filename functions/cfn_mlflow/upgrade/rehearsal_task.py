"""The rehearsal: one Fargate task that runs the migration on the clone first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.ecs.task import Task
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Updatable
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.migration.notes import REHEARSE
from cfn_mlflow.upgrade.migration.result import Result
from cfn_mlflow.upgrade.migration.task_result import result_of, unfinished
from cfn_mlflow.upgrade.rehearsal_clone import RehearsalCloneView


@dataclass(frozen=True)
class RehearsalView:
    """The tasks that have rehearsed, and the result of the last one."""

    tasks: tuple[Task, ...] = ()
    result: Result | None = None


@dataclass(frozen=True, eq=False)
class RehearsalTask(Attached[RehearsalView], Updatable[RehearsalView]):
    """The migration of a clone. The database itself is changed only after it has succeeded."""

    display_name: ClassVar[str] = "rehearsal of the migration"

    launcher: Value[Launcher]
    clone: Value[RehearsalCloneView]

    def observe(self) -> Observation[RehearsalView] | None:
        """Find its tasks and read their log, if there is a clone.

        Rests on ecs:ListTasks, DescribeTasks and logs:GetLogEvents.
        """
        if not known(self.clone).identifier:
            return Observation(RehearsalView())
        launcher = known(self.launcher)
        found = launcher.runs(REHEARSE)
        return Observation(RehearsalView(found, result_of(launcher, found))) if found else None

    def create(self) -> None:
        """Start the task with the clone as its database (ecs:RunTask)."""
        self._start(())

    def compare(self, found: Observation[RehearsalView]) -> Observation[RehearsalView]:
        """Report the state of the task, or that another attempt is due.

        Raises PermanentError if the rehearsal failed for a reason that does not pass: the
        migration would fail too.
        """
        view = found.view
        if view.tasks:
            label = f"{self.display_name}, the database is as it was"
            busy = unfinished(known(self.launcher), label, view.tasks, view.result)
            if busy:
                return replace(found, busy=busy)
        if view.result and not view.result.done:
            return replace(found, differs=("another attempt",))
        if view.result:
            log.info(f"Rehearsed on a clone: {view.result.words}")
        return found

    def update(self, found: Observation[RehearsalView]) -> None:
        """Try again (ecs:RunTask)."""
        self._start(found.view.tasks)

    def _start(self, earlier: tuple[Task, ...]) -> None:
        environment = {"PGHOST": known(self.clone).endpoint}
        known(self.launcher).start(REHEARSE, earlier, environment=environment)
