"""The migration: one Fargate task that brings the database to the image's schema.

It is an object like any other. What it has come to is noted in the tags of the revision of its task
definition, once the database itself, where it can be asked, says the same: see migration_notes.py.
A task that runs is found again by a function that was killed; it is never stopped.
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
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.image_task import Launcher, running
from cfn_mlflow.upgrade.inspection_task import InspectionView, Schema
from cfn_mlflow.upgrade.migration.notes import AUTH_TAG, FROM_TAG, MIGRATE, SCHEMA_TAG, SNAPSHOT_TAG
from cfn_mlflow.upgrade.migration.result import Result
from cfn_mlflow.upgrade.migration.task_result import result_of, unfinished, words_of_faults

SECONDS_OF_A_NEW_RESULT = 120
"""A run that ended longer ago may have been followed by another change of the database."""


@dataclass(frozen=True)
class MigrationView:
    """The revision it came to, if it did, else the tasks of this task definition so far."""

    revision: str
    migrated_from: str = ""
    """The revision before; empty if nothing was migrated, or an empty database."""
    snapshot_id: str = ""
    tasks: tuple[Task, ...] = ()
    result: Result | None = None


@dataclass(frozen=True, eq=False)
class MigrationTask(Resource[MigrationView], Retained[MigrationView]):
    """The migration of one revision of its task definition."""

    words: ClassVar[str] = "migration task"

    launcher: Value[Launcher]
    inspected: Value[InspectionView]
    snapshot_id: Value[str]
    """The snapshot that was taken for it; empty if there was nothing to lose."""
    schema: Value[Schema | None]
    """None where there is no Data API."""

    def observe(self) -> Observation[MigrationView] | None:
        """Read the notes, else the tasks and their log (ecs:ListTagsForResource, ListTasks)."""
        launcher = known(self.launcher)
        tags = launcher.tags()
        if tags.get(SCHEMA_TAG):
            noted = (tags[SCHEMA_TAG], tags.get(FROM_TAG, ""), tags.get(SNAPSHOT_TAG, ""))
            return Observation(MigrationView(*noted))
        found = launcher.runs(MIGRATE)
        result = result_of(launcher, found)
        return Observation(MigrationView("", tasks=found, result=result)) if found else None

    def create(self) -> None:
        """Start the task (ecs:RunTask); where nothing is pending, note that at once."""
        inspected = known(self.inspected)
        if inspected.moves:
            self._start(())
        elif inspected.result:
            self._note_what_was_found(inspected.result)

    def compare(self, found: Observation[MigrationView]) -> Observation[MigrationView]:
        """Name the schema while where it came to is not noted yet.

        Tells the state of the task that runs; fails if it ended and another would end alike.
        """
        view = found.view
        if view.revision:
            return found
        busy = unfinished(known(self.launcher), self.words, view.tasks, view.result)
        return replace(found, busy=busy or "", differs=("schema",))

    def update(self, found: Observation[MigrationView]) -> None:
        """Note where a run has ended, or run again (ecs:RunTask, TagResource)."""
        view = found.view
        done = view.result is not None and view.result.done
        if done and view.result and self._is_there(view.result, view.tasks[-1]):
            self._note(view.result)
        else:
            self._start(view.tasks)

    def retain(self, view: MigrationView) -> bool:
        """Leave what has ended: it goes with its task definition."""
        return running(view.tasks) is None

    def delete(self, view: MigrationView) -> None:
        """Wait for the end of a migration: one that runs is never stopped."""
        del view
        raise TemporaryError("a migration is running and is not stopped; waiting for its end")

    def _start(self, earlier: tuple[Task, ...]) -> None:
        known(self.launcher).start(MIGRATE, earlier)
        if known(self.snapshot_id):
            log.info(
                f"The migration begins, {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}. What was logged "
                f"since the snapshot is in the database, which can be restored to that time too"
            )

    def _is_there(self, result: Result, last: Task) -> bool:
        """Tell whether the database is where the task left it, as read back.

        Raises PermanentError if the database that is asked is not the one that was migrated.
        """
        schema = known(self.schema)
        actual = schema.revision() if schema else result.expected
        if actual == (result.expected or actual):
            return True
        if older(last, SECONDS_OF_A_NEW_RESULT):
            return False
        raise PermanentError(
            f"{self.words}: it left the database at {result.expected}, but the Data API reads "
            f"{actual or 'no revision'}. Check that DatabaseClusterArn and DatabaseEndpoint "
            f"are of the same cluster"
        )

    def _note_what_was_found(self, result: Result) -> None:
        """Note a database that needs no migration, if it still is as it was looked at."""
        schema = known(self.schema)
        if schema and schema.revision() != result.expected:
            deregister(known(self.launcher).definition_arn)
            raise PermanentError(
                f"{self.words}: the database was changed since it was looked at. Deploy again"
            )
        self._note(result)

    def _note(self, result: Result) -> None:
        """Note the revision, once the tables and columns are read back as MLflow declares them."""
        schema, snapshot_id = known(self.schema), known(self.snapshot_id)
        revision = result.expected or (schema.revision() if schema else "") or "unknown"
        faults = schema.faults(revision) if schema else ()
        if faults:
            raise PermanentError(
                f"{self.words}: the database is at {revision}, but {words_of_faults(faults)}. "
                f"Restore the snapshot {snapshot_id or 'taken last'}, or put it back"
            )
        notes = {SCHEMA_TAG: revision, AUTH_TAG: result.auth or ""}
        if result.outcome == "migrated" and result.found:
            notes |= {FROM_TAG: result.found, SNAPSHOT_TAG: snapshot_id}
        told = {key: value for key, value in notes.items() if value}
        arn = known(self.launcher).definition_arn
        ecs().tag_resource(resourceArn=arn, tags=ecs_tags(told))
