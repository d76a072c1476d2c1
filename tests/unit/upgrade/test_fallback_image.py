"""The image that runs instead of one that the database is ahead of, or the way out."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError, Waiting
from cfn_mlflow.upgrade.migration.notes import AUTH_TAG, FALLBACK_IMAGE_TAG
from tests.support.beside_moto import stacks
from tests.support.beside_moto.fargate import Fargate, behind, migrated
from tests.support.graphs.migrating_kit import NEWER, Build, Schema, graph_of, notes
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import HEAD, converge

__all__ = ["graph_of"]


def upgraded_then(fargate: Fargate, graph_of: Build) -> Schema:
    """Upgrade from one image to the next, and let the former image find the database ahead."""
    state = {"at": HEAD}
    schema = Schema(lambda: state["at"])
    converge(graph_of(schema=schema))
    fargate.inspection_ends = [
        migrated(HEAD, "current", **{"from": HEAD}),
        behind(HEAD, NEWER),
        migrated(HEAD, "ahead", **{"from": NEWER}),
    ]
    fargate.migration_ends = [migrated(NEWER, **{"from": HEAD})]
    fargate.on_migration = lambda: state.update(at=NEWER)
    converge_without_cleaning(graph_of("mlflow:2", schema=schema))
    return schema


def converge_without_cleaning(graph: Graph) -> None:
    """Converge as an update does whose service then fails: nothing superseded is removed."""
    convergence = Convergence(graph, explain)
    for _ in range(40):
        convergence._clean = lambda: Waiting({"service": "failing"})  # type: ignore[method-assign]
        convergence.step()


def test_given_a_rollback_behind_a_migration_then_the_image_that_migrated_serves(
    fargate: Fargate, graph_of: Build
) -> None:
    schema = upgraded_then(fargate, graph_of)
    with stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        given = converge(graph_of(schema=schema))
    assert given == {"Revision": NEWER, "Image": "mlflow:2"}
    assert notes(fargate.runs[-1])[FALLBACK_IMAGE_TAG] == "mlflow:2"
    with watched() as calls:
        assert converge(graph_of(schema=schema)) == given
    assert calls.writes == []


def test_given_an_image_that_moved_the_tables_of_users_alone_then_it_serves_too(
    fargate: Fargate, graph_of: Build
) -> None:
    schema = Schema(lambda: HEAD)
    older, newer = ({"from": HEAD, "expected_auth": auth} for auth in ("auth-1", "auth-2"))
    converge(graph_of(schema=schema))
    fargate.inspection_ends = [
        migrated(HEAD, "current", **older),
        migrated(HEAD, "behind", pending=["auth-2"], **newer),
        migrated(HEAD, "ahead", ahead="auth-2", **older),
    ]
    fargate.migration_ends = [migrated(HEAD, **newer)]
    converge_without_cleaning(graph_of("mlflow:2", schema=schema))
    with stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        given = converge(graph_of(schema=schema))
    assert given == {"Revision": HEAD, "Image": "mlflow:2"}
    noted = notes(fargate.runs[-1])
    assert (noted[AUTH_TAG], noted[FALLBACK_IMAGE_TAG]) == ("auth-2", "mlflow:2"), (
        "found again by it"
    )
    with watched() as calls:
        assert converge(graph_of(schema=schema)) == given
    assert calls.writes == []


def test_given_a_downgrade_by_the_user_then_it_is_refused_naming_what_to_use(
    fargate: Fargate, graph_of: Build
) -> None:
    schema = upgraded_then(fargate, graph_of)
    with (
        stacks.standing("UPDATE_IN_PROGRESS"),
        pytest.raises(PermanentError, match=r"cannot go back: use MLflow 3\.18\.0 or newer"),
    ):
        converge(graph_of(schema=schema))
    assert len(fargate.migrations) == 2


def test_rollback_without_an_image_that_is_known_to_serve_tells_the_commands(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [migrated(HEAD, "ahead", **{"from": NEWER})]
    with (
        stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"),
        pytest.raises(PermanentError) as raised,
    ):
        converge(graph_of())
    command = "aws cloudformation continue-update-rollback --stack-name team --resources-to-skip"
    assert f"{command} MLflow" in str(raised.value)
    assert "MLflow 3.18.0 or newer" in str(raised.value)
    assert len(str(raised.value).encode()) <= 400
