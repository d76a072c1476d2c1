"""The migration: one Fargate task that brings the database to the image's schema.

The tags of its task definition's revision note the result (notes.py). Before, the database itself
must confirm the result, if it has a Data API. The provider never stops the task. A function that
was killed finds the task again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

from cfn_mlflow.aws.ecs.client import ecs, ecs_tags
from cfn_mlflow.aws.ecs.task import Task, older
from cfn_mlflow.aws.ecs.task_definition import deregister
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Resource, Retained
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.image_task import Launcher, running
from cfn_mlflow.upgrade.inspection_task import InspectionView, Schema
from cfn_mlflow.upgrade.migration.notes import AUTH_TAG, FROM_TAG, MIGRATE, SCHEMA_TAG, SNAPSHOT_TAG
from cfn_mlflow.upgrade.migration.result import Result
from cfn_mlflow.upgrade.migration.task_result import result_of, unfinished, words_of_faults

SECONDS_OF_A_NEW_RESULT = 120
"""After a result older than this, somebody else may have changed the database since."""


@dataclass(frozen=True)
class MigrationView:
    """The noted revision, or the tasks of this task definition so far."""

    revision: str
    migrated_from: str = ""
    """The revision before; empty if nothing or an empty database was migrated."""
    snapshot_id: str = ""
    tasks: tuple[Task, ...] = ()
    result: Result | None = None


@dataclass(frozen=True, eq=False)
class MigrationTask(Resource[MigrationView], Retained[MigrationView]):
    """The migration of one revision of its task definition."""

    display_name: ClassVar[str] = "migration task"

    launcher: Value[Launcher]
    inspected: Value[InspectionView]
    snapshot_id: Value[str]
    """The snapshot that was taken before it; empty if the database held no data."""
    schema: Value[Schema | None]
    """None if the database has no Data API."""

    def observe(self) -> Observation[MigrationView] | None:
        """Read the notes, else the tasks and their log.

        Rests on ecs:ListTagsForResource, ListTasks, DescribeTasks and logs:GetLogEvents.
        """
        launcher = known(self.launcher)
        tags = launcher.tags()
        if tags.get(SCHEMA_TAG):
            noted = (tags[SCHEMA_TAG], tags.get(FROM_TAG, ""), tags.get(SNAPSHOT_TAG, ""))
            return Observation(MigrationView(*noted))
        found = launcher.runs(MIGRATE)
        result = result_of(launcher, found)
        return Observation(MigrationView("", tasks=found, result=result)) if found else None

    def create(self) -> None:
        """Start the task (ecs:RunTask), or note at once that nothing is pending."""
        inspected = known(self.inspected)
        if inspected.moves:
            self._start(())
        elif inspected.result:
            self._note_what_was_found(inspected.result)

    def compare(self, found: Observation[MigrationView]) -> Observation[MigrationView]:
        """Name the schema as different until its revision is noted, with the task's state.

        Raises PermanentError if the task failed, and another one would fail alike.
        """
        view = found.view
        if view.revision:
            return found
        busy = unfinished(known(self.launcher), self.display_name, view.tasks, view.result)
        return replace(found, busy=busy or "", differs=("schema",))

    def update(self, found: Observation[MigrationView]) -> None:
        """Note the revision of a finished task, or start another one (ecs:RunTask, TagResource)."""
        view = found.view
        done = view.result is not None and view.result.done
        if done and view.result and self._is_there(view.result, view.tasks[-1]):
            self._note(view.result)
        else:
            self._start(view.tasks)

    def retain(self, view: MigrationView) -> bool:
        """Tell whether to leave it: tasks that have ended go with their task definition."""
        return running(view.tasks) is None

    def delete(self, view: MigrationView) -> None:
        """Raise TemporaryError until the migration has ended: it is never stopped."""
        del view
        raise TemporaryError("a migration is running and is not stopped; waiting for its end")

    def _start(self, earlier: tuple[Task, ...]) -> None:
        known(self.launcher).start(MIGRATE, earlier)
        if known(self.snapshot_id):
            log.info(
                f"The migration begins at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}. The database can "
                f"be restored to that time too, with what was logged since the snapshot"
            )

    def _is_there(self, result: Result, last: Task) -> bool:
        """Tell whether the database has the revision at which the task left it.

        Raises PermanentError if the Data API reads another database than the task migrated.
        """
        schema = known(self.schema)
        actual = schema.revision() if schema else result.expected
        if actual == (result.expected or actual):
            return True
        if older(last, SECONDS_OF_A_NEW_RESULT):
            return False
        raise PermanentError(
            Reason.WrongDatabase,
            f"{self.display_name}: it left the database at {result.expected}, but the Data API "
            f"reads {actual or 'no revision'}. Check that DatabaseClusterArn and DatabaseEndpoint "
            f"are of the same cluster",
        )

    def _note_what_was_found(self, result: Result) -> None:
        """Note the revision of a database that needs no migration.

        Raises PermanentError if the database has changed since its inspection.
        """
        schema = known(self.schema)
        if schema and schema.revision() != result.expected:
            deregister(known(self.launcher).definition_arn)
            raise PermanentError(
                Reason.SchemaChanged,
                f"{self.display_name}: the database has changed since its inspection. Deploy again",
            )
        self._note(result)

    def _note(self, result: Result) -> None:
        """Note the revision (ecs:TagResource).

        Raises PermanentError if tables or columns are not as MLflow declares them.
        """
        schema, snapshot_id = known(self.schema), known(self.snapshot_id)
        revision = result.expected or (schema.revision() if schema else "") or "unknown"
        faults = schema.faults(revision) if schema else ()
        if faults:
            raise PermanentError(
                Reason.SchemaDamaged,
                f"{self.display_name}: the database is at {revision}, but "
                f"{words_of_faults(faults)}. Restore the snapshot "
                f"{snapshot_id or 'taken last'}, or put it back",
            )
        notes = {SCHEMA_TAG: revision, AUTH_TAG: result.auth or ""}
        if result.outcome == "migrated" and result.found:
            notes |= {FROM_TAG: result.found, SNAPSHOT_TAG: snapshot_id}
        told = {key: value for key, value in notes.items() if value}
        arn = known(self.launcher).definition_arn
        ecs().tag_resource(resourceArn=arn, tags=ecs_tags(told))
