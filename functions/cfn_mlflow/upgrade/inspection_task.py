"""The inspection: it finds out what the image would do to the database, before anything changes.

One task of the image reads the database and prints which revisions are pending, or what prevents a
migration. So a stack fails while its old service still runs, if:

- the image has no MLflow, or no driver for PostgreSQL,
- the database is ahead of the image, or another application's,
- the database refuses the login.

After a migration, the tags of the task definition's revision say what the schema is. With these
tags no task is started.

MLflow cannot go back. A stack that rolls back behind a migration asks for an image that the
database is ahead of. Then the fallback image runs: the image that migrated the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from cfn_mlflow.aws.cloudformation.rollback import is_rolling_back
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags
from cfn_mlflow.aws.ecs.task import Task
from cfn_mlflow.aws.ecs.task_definition import deregister
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Updatable, as_observed
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.fallback_image import find_fallback_image, way_out
from cfn_mlflow.upgrade.image_task import Launcher, migrations
from cfn_mlflow.upgrade.migration.notes import AUTH_TAG, FALLBACK_IMAGE_TAG, LOOK, NOTES, SCHEMA_TAG
from cfn_mlflow.upgrade.migration.result import Result
from cfn_mlflow.upgrade.migration.task_result import (
    cause_of,
    may_be_tried_again,
    result_of,
    state_of,
    words_of_faults,
)

_AHEAD = ("ahead", "unknown")


class Schema(Protocol):
    """Reads the database without a task. Each method may raise TemporaryError."""

    def revision(self) -> str | None:
        """Return the database's revision; None if it has none."""
        ...

    def is_empty(self) -> bool:
        """Tell whether the database has no table at all."""
        ...

    def faults(self, revision: str) -> tuple[str, ...]:
        """Name the tables and columns of this revision that the database lacks."""
        ...


@dataclass(frozen=True)
class InspectionView:
    """What is known of the database, and of what the image would do to it."""

    noted: str = ""
    """The revision noted on the task definition, if the database still has it."""
    tags: Tags = field(default_factory=dict)
    stale: bool = False
    """Whether the database has another revision than the noted one."""
    elsewhere: bool = False
    """Whether a migration of another deployment is running."""
    empty: bool = False
    runs: tuple[Task, ...] = ()
    result: Result | None = None
    fallback_image: str = ""
    """The image that serves instead of the asked one; empty if the asked one serves."""

    @property
    def outcome(self) -> str:
        """Return the task's outcome; `empty` if the database was read without a task."""
        return "empty" if self.empty else self.result.outcome if self.result else ""

    @property
    def moves(self) -> bool:
        """Tell whether the schema is to be migrated."""
        return not self.noted and self.outcome in ("behind", "empty")

    @property
    def has_data(self) -> bool:
        """Tell whether the schema is to be migrated, and the database holds data."""
        return self.moves and self.outcome == "behind"


@dataclass(frozen=True, eq=False)
class Inspection(Attached[InspectionView], Updatable[InspectionView]):
    """The inspection of the database by one revision of the migration's task definition."""

    display_name: ClassVar[str] = "inspection of the database"

    launcher: Value[Launcher]
    schema: Value[Schema | None]
    """None if the database has no Data API."""

    def observe(self) -> Observation[InspectionView] | None:
        """Read the noted revision, else the tasks and their log.

        Rests on ecs:ListTagsForResource, ListTasks, DescribeTasks, logs:GetLogEvents and the
        Data API.
        """
        return as_observed(self._view())

    def _view(self) -> InspectionView | None:
        launcher, schema = known(self.launcher), known(self.schema)
        if self._another_runs():
            return InspectionView(elsewhere=True)
        tags = launcher.tags()
        noted = tags.get(SCHEMA_TAG, "")
        if noted:
            if not self._is_still_at(noted):
                return InspectionView(stale=True)
            return InspectionView(noted, tags, fallback_image=tags.get(FALLBACK_IMAGE_TAG, ""))
        runs = launcher.runs(LOOK)
        if not runs:
            is_empty = schema is not None and schema.is_empty()
            return InspectionView(empty=True) if is_empty else None
        result = result_of(launcher, runs)
        ahead = result.ahead if result and result.outcome in _AHEAD else None
        image = find_fallback_image(launcher, ahead) if ahead else ""
        return InspectionView(tags=tags, runs=runs, result=result, fallback_image=image)

    def create(self) -> None:
        """Start the task that inspects (ecs:RunTask)."""
        self._start(())

    def compare(self, found: Observation[InspectionView]) -> Observation[InspectionView]:
        """Report the state of the task, or what is still to be found out or noted.

        Raises PermanentError if the image cannot migrate or serve the database.
        """
        busy = self._busy(found.view)
        if busy:
            return replace(found, busy=busy)
        differs = self._differs(found.view)
        if not differs:
            self._tell(found.view)
        return replace(found, differs=differs)

    def _busy(self, view: InspectionView) -> str | None:
        """Return the state of the task; None if it has ended and the deployment may go on."""
        if view.elsewhere:
            return "waiting for the end of another deploy's migration"
        if view.noted or view.stale or view.empty:
            return None
        state = state_of(view.runs, view.result)
        if state or view.result is None:
            return state
        if view.result.done:
            self._refuse_damage(view.result)
        elif not view.fallback_image and not may_be_tried_again(view.runs, view.result):
            self._refuse(view.runs[-1], view.result)
        return None

    def _differs(self, view: InspectionView) -> tuple[str, ...]:
        """Name what is still to be found out or noted."""
        if view.stale:
            return ("schema",)
        if view.result and not view.result.done:
            return ("fallback image",) if view.fallback_image else ("another attempt",)
        return ()

    def update(self, found: Observation[InspectionView]) -> None:
        """Inspect again, or note the fallback image (ecs:RunTask, TagResource, UntagResource)."""
        view, launcher = found.view, known(self.launcher)
        if view.stale:
            self._start(launcher.runs(LOOK))
            ecs().untag_resource(resourceArn=launcher.definition_arn, tagKeys=list(NOTES))
        elif view.fallback_image and view.result:
            notes = {SCHEMA_TAG: view.result.found or "", FALLBACK_IMAGE_TAG: view.fallback_image}
            if view.result.ahead != view.result.found:
                notes[AUTH_TAG] = view.result.ahead or ""
            ecs().tag_resource(resourceArn=launcher.definition_arn, tags=ecs_tags(notes))
        else:
            self._start(view.runs)

    def _tell(self, view: InspectionView) -> None:
        """Log that a fallback image runs, and which revisions are pending."""
        if view.fallback_image:
            log.warning(
                f"The database is at {view.noted}, ahead of the image that is asked for. MLflow "
                f"cannot go back, so {view.fallback_image} runs instead. Ask for it, or a newer one"
            )
        if view.has_data and view.result:
            steps = view.result.pending
            how_many = "1 revision is" if len(steps) == 1 else f"{len(steps)} revisions are"
            log.info(f"{view.result.words} {how_many} to run: {', '.join(steps)}")

    def _start(self, earlier: tuple[Task, ...]) -> None:
        known(self.launcher).start(LOOK, earlier, environment={"CFN_MLFLOW_ONLY_LOOK": "true"})

    def _is_still_at(self, noted: str) -> bool:
        """Tell whether the database still has the noted revision, or need not have it.

        A rollback keeps the image that runs. It must not fail because somebody else changed the
        database: then it logs a warning.
        """
        launcher, schema = known(self.launcher), known(self.schema)
        actual = schema.revision() if schema else noted
        if actual == noted:
            return True
        if not is_rolling_back(launcher.owner.stack_id):
            return False
        if actual and find_fallback_image(launcher, actual):
            return False  # an image of this resource migrated it
        log.warning(f"The database no longer has revision {noted}. The service stays as it runs")
        return True

    def _another_runs(self) -> bool:
        """Tell whether a migration of another revision runs, which may be changing the schema."""
        launcher = known(self.launcher)
        found = migrations(launcher.owner, launcher.cluster, launcher.family)
        return any(task.definition_arn != launcher.definition_arn for task in found)

    def _refuse_damage(self, result: Result) -> None:
        found = result.found or ""
        schema = known(self.schema)
        faults = schema.faults(found) if schema and found else ()
        if faults:
            deregister(known(self.launcher).definition_arn)
            raise PermanentError(
                Reason.SchemaDamaged,
                f"{self.display_name}: at revision {found} it lacks what MLflow made: "
                f"{words_of_faults(faults)}. Put it back, or restore a snapshot, then deploy again",
            )

    def _refuse(self, last: Task, result: Result) -> None:
        launcher = known(self.launcher)
        deregister(launcher.definition_arn)
        owner = launcher.owner
        if result.outcome in _AHEAD and is_rolling_back(owner.stack_id):
            raise PermanentError(
                result.reason,
                f"{self.display_name}: it is ahead of the image that the rollback asks for, and no "
                f"image that migrated it is known. {way_out(owner, result.ahead or '')}",
            )
        cause = cause_of(launcher, last, result)
        raise PermanentError(cause.reason, f"{self.display_name}: {cause.words}")
