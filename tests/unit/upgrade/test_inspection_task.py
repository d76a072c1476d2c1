"""The look at the database: what the image would do, told before anything changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.upgrade import image_task
from cfn_mlflow.upgrade.migration.notes import SNAPSHOT_TAG
from tests.support.beside_moto import stacks
from tests.support.beside_moto.fargate import End, Fargate, behind, migrated
from tests.support.graphs.migrating_kit import (
    NEWER,
    OLDER,
    Build,
    Schema,
    graph_of,
    notes,
    revision_of,
    waits_of,
)
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import HEAD, converge

__all__ = ["graph_of"]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (
            migrated(HEAD, "ahead", **{"from": NEWER}),
            f"The database is ahead of the image: it is at {NEWER}, MLflow 3.17.2 knows no more",
        ),
        (
            migrated(HEAD, "ahead", **{"from": "0123456789ab"}),
            "neither MLflow 3.17.2 nor this provider knows",
        ),
        (migrated(HEAD, "foreign"), "tables but no revision of MLflow"),
        (
            migrated(HEAD, "login-refused", reason="authentication failed"),
            "The database refuses the login",
        ),
        (End(6, "no JSON at all"), "The image has no driver for PostgreSQL"),
        (
            End(None, reason="CannotPullContainerError: not found", stop_code="TaskFailedToStart"),
            "CannotPullContainerError: not found. Check the image's name",
        ),
    ],
)
def test_given_an_end_that_would_be_the_same_again_then_it_fails_in_plain_words(
    fargate: Fargate,
    graph_of: Build,
    monkeypatch: pytest.MonkeyPatch,
    end: End,
    words: str,
) -> None:
    monkeypatch.setattr(image_task, "SECONDS_FOR_THE_LOG", -1)
    fargate.inspection_ends = [end]
    with stacks.standing("UPDATE_IN_PROGRESS"), pytest.raises(PermanentError) as raised:
        converge(graph_of())
    assert str(raised.value).startswith("inspection of the database: ")
    assert words in str(raised.value)
    assert len(str(raised.value).encode()) <= 400
    assert len(fargate.runs) == 1


def test_given_the_database_went_elsewhere_since_then_it_runs_again(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(schema=Schema(lambda: HEAD)))
    [run] = fargate.migrations
    run["stoppedAt"] = datetime.now(UTC) - timedelta(minutes=10)

    def read_back() -> str | None:
        return HEAD if len(fargate.migrations) > 1 else None

    with stacks.standing("UPDATE_IN_PROGRESS"):
        assert revision_of(graph_of(schema=Schema(read_back))) == HEAD
    assert len(fargate.migrations) == 2


def test_database_that_went_elsewhere_is_left_as_it_is_by_a_rollback(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(schema=Schema(lambda: HEAD)))
    with watched() as calls, stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        assert revision_of(graph_of(schema=Schema(lambda: "0123456789ab"))) == HEAD
    assert calls.writes == []


def test_given_a_database_that_is_as_the_image_expects_then_nothing_is_migrated(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [migrated(HEAD, "current", **{"from": HEAD})]
    assert revision_of(graph_of()) == HEAD
    [look] = fargate.runs
    assert look["startedBy"] == "cfn-mlflow/inspect/abcdefghij"
    assert SNAPSHOT_TAG not in notes(look)


def test_given_an_empty_database_that_can_be_asked_then_no_task_looks(
    fargate: Fargate, graph_of: Build
) -> None:
    schema = Schema(lambda: HEAD if fargate.migrations else None, empty=True)
    assert revision_of(graph_of(schema=schema)) == HEAD
    assert len(fargate.runs) == 1


def test_given_a_table_that_is_missing_then_it_is_named_before_anything_is_migrated(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [behind(OLDER, HEAD)]
    schema = Schema(lambda: OLDER, lacks=("table metrics is missing",))
    with pytest.raises(PermanentError, match="lacks what MLflow made: table metrics is missing"):
        converge(graph_of(schema=schema))
    assert not fargate.migrations


def test_given_another_deploys_migration_still_runs_then_its_end_is_waited_for(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    fargate.looks_to_end = 9
    fargate.inspection_ends = [behind(HEAD, NEWER)]
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER, **{"from": HEAD})]
    waits_of(graph_of("mlflow:2"), 11)
    assert len(fargate.migrations) == 2
    told = waits_of(graph_of(), 1)
    assert told == ["inspection of the database: waiting for the end of another deploy's migration"]
