"""The migration runs once, is found again, and what it has come to is noted."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import InspectionView
from cfn_mlflow.upgrade.migration.notes import (
    FROM_TAG,
    SCHEMA_TAG,
    SNAPSHOT_TAG,
)
from cfn_mlflow.upgrade.migration.task import MigrationTask, MigrationView
from tests.support.beside_moto.fargate import Fargate, behind, migrated
from tests.support.codes import failing
from tests.support.graphs.migrating_kit import (
    NEWER,
    OLDER,
    SNAPSHOT,
    Build,
    Schema,
    graph_of,
    notes,
    revision_of,
    waits_of,
)
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import HEAD, converge, owner, remove

__all__ = ["graph_of"]

NAME = "mlflow-abcdefghij"


def test_given_a_database_then_one_task_brings_it_up_and_its_revision_is_kept(
    fargate: Fargate, graph_of: Build
) -> None:
    assert revision_of(graph_of()) == HEAD
    [run] = fargate.migrations
    assert run["startedBy"] == "cfn-mlflow/migrate/abcdefghij"
    assert notes(run)[SCHEMA_TAG] == HEAD


def test_given_it_begins_behind_a_snapshot_then_the_log_tells_the_time_to_restore_to(
    fargate: Fargate, graph_of: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    before = datetime.now(UTC).replace(microsecond=0)
    converge(graph_of())
    [told] = re.findall(r"The migration begins at (\S+Z)\.", caplog.text)
    assert before <= datetime.fromisoformat(told) <= datetime.now(UTC)


def test_given_it_ran_for_this_task_definition_then_it_is_not_run_again(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    with watched() as calls:
        assert revision_of(graph_of()) == HEAD
    assert calls.writes == []
    assert len(fargate.migrations) == 1


def test_given_another_image_then_it_runs_again(fargate: Fargate, graph_of: Build) -> None:
    converge(graph_of())
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER)]
    assert revision_of(graph_of("mlflow:2")) == NEWER
    assert len(fargate.migrations) == 2


def test_given_a_task_that_runs_then_its_states_are_told(fargate: Fargate, graph_of: Build) -> None:
    fargate.looks_to_end = 4
    told = waits_of(graph_of(), 12)
    assert told == ["inspection of the database: running", "migration task: running"]


def test_given_the_data_api_reads_the_same_then_nothing_runs(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(schema=Schema(lambda: HEAD)))
    converge(graph_of(schema=Schema(lambda: HEAD)))
    assert len(fargate.migrations) == 1


def test_given_the_data_api_reads_another_database_then_it_fails_saying_so(
    fargate: Fargate, graph_of: Build
) -> None:
    with failing(Reason.WrongDatabase, match="DatabaseClusterArn and DatabaseEndpoint are of the"):
        converge(graph_of(schema=Schema()))


def test_a_database_that_changed_since_it_was_looked_at_is_not_noted(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [migrated(HEAD, "current")]
    with failing(Reason.SchemaChanged, match="the database has changed since its inspection"):
        converge(graph_of(schema=Schema(lambda: "0123456789ab")))


def test_given_a_paused_database_then_it_is_waited_for(fargate: Fargate, graph_of: Build) -> None:
    paused = iter([False, True])

    def read_back() -> str | None:
        if next(paused, False):
            raise TemporaryError("resuming")
        return HEAD

    assert revision_of(graph_of(schema=Schema(read_back))) == HEAD


def test_given_a_migration_that_runs_then_a_removal_waits_for_its_end(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.looks_to_end = 5
    waits_of(graph_of(), 8)
    with watched() as calls:
        remove(graph_of())
    [run] = fargate.migrations
    assert run["lastStatus"] == "STOPPED"
    assert run["stopCode"] == "EssentialContainerExited"
    assert "StopTask" not in calls.made


def test_given_a_view_without_a_running_task_then_it_is_left_to_its_task_definition() -> None:
    launcher = Launcher(owner(), "arn", NAME, (), (), "log")
    task = MigrationTask(launcher, InspectionView(), "", None)
    assert task.retain(MigrationView(HEAD))
    assert task.retain(MigrationView(""))


def test_given_data_that_is_behind_then_what_was_and_its_snapshot_are_noted(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [behind(OLDER, HEAD)]
    fargate.migration_ends = [migrated(HEAD, **{"from": OLDER})]
    assert revision_of(graph_of()) == HEAD
    noted = notes(fargate.runs[0])
    assert (noted[FROM_TAG], noted[SNAPSHOT_TAG]) == (OLDER, SNAPSHOT)


def test_migration_whose_tables_are_not_as_declared_fails_naming_them(
    fargate: Fargate, graph_of: Build
) -> None:
    schema = Schema(lambda: HEAD, empty=True, lacks=("table spans: column name is missing",))
    with failing(Reason.SchemaDamaged, match="table spans: column name is missing"):
        converge(graph_of(schema=schema))
