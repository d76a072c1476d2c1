"""The rehearsal: the same migration, first on the clone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cfn_mlflow.aws.core.eventual_consistency import NotYet
from cfn_mlflow.aws.ecs.task import Task
from cfn_mlflow.engine.managed import Port
from cfn_mlflow.engine.resource import Attached
from cfn_mlflow.runtime.tell import tell
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.migration.notes import REHEARSE
from cfn_mlflow.upgrade.migration.result import Result
from cfn_mlflow.upgrade.migration.task_result import result_of, unfinished
from cfn_mlflow.upgrade.rehearsal_clone import RehearsalCloneView


@dataclass(frozen=True)
class RehearsalView:
    """The tasks that have rehearsed, and what the last of them came to."""

    tasks: tuple[Task, ...] = ()
    result: Result | None = None


@dataclass(frozen=True, eq=False)
class RehearsalTask(Port[RehearsalView], Attached[RehearsalView]):
    """The migration of a clone: the database itself is not touched before it has gone well."""

    words: ClassVar[str] = "rehearsal of the migration"

    launcher: Launcher
    clone: RehearsalCloneView
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    def read(self) -> RehearsalView | None:
        """Find its tasks and read their log, if there is a clone."""
        if not self.clone.identifier:
            return RehearsalView()
        found = self.launcher.runs(REHEARSE)
        return RehearsalView(found, result_of(self.launcher, found)) if found else None

    def create(self) -> None:
        """Start the task at the clone (ecs:RunTask)."""
        self._start(())

    def busy(self, view: RehearsalView) -> str | None:
        """Tell the state of the task; fail if the migration would."""
        if not view.tasks:
            return None
        label = f"{self.words}, the database is as it was"
        return unfinished(self.launcher, label, view.tasks, view.result)

    def changes(self, view: RehearsalView) -> tuple[str, ...]:
        """Name another attempt, where the last one may have failed by chance."""
        return ("another attempt",) if view.result and not view.result.done else ()

    def update(self, view: RehearsalView) -> None:
        """Try again (ecs:RunTask)."""
        self._start(view.tasks)

    def settling(self, view: RehearsalView) -> str | None:
        """Say in the log that it went well."""
        if view.result:
            tell(f"Rehearsed on a clone: {view.result.words}")
        return None

    def _start(self, earlier: tuple[Task, ...]) -> None:
        with self._not_yet.patience():
            self.launcher.start(REHEARSE, earlier, environment={"PGHOST": self.clone.endpoint})
