"""What a task has come to: by its log, else by its exit code."""

from __future__ import annotations

import pytest

from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.upgrade import image_task
from tests.support.beside_moto.fargate import End, Fargate, migrated
from tests.support.graphs.migrating_kit import NEWER, Build, Schema, graph_of, revision_of, waits_of
from tests.support.objects.service_kit import HEAD, converge

__all__ = ["graph_of"]


def test_given_a_failed_attempt_then_the_next_deploy_is_an_attempt_of_its_own(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.migration_ends = [migrated(HEAD, "login-refused", reason="no"), migrated(HEAD)]
    with pytest.raises(PermanentError):
        converge(graph_of())
    assert revision_of(graph_of()) == HEAD
    assert len(fargate.migrations) == 2


def test_given_a_failed_image_then_the_rollback_to_the_one_before_runs_nothing(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER, "login-refused", reason="no")]
    with pytest.raises(PermanentError):
        converge(graph_of("mlflow:2"))
    assert revision_of(graph_of()) == HEAD
    assert len(fargate.migrations) == 2


def test_given_a_log_that_comes_late_then_it_is_waited_for(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.migration_ends = [End(0)]
    assert "migration task: waiting for its log" in waits_of(graph_of(), 10)


def test_given_a_log_that_never_comes_then_the_exit_code_counts(
    fargate: Fargate, graph_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_task, "SECONDS_FOR_THE_LOG", -1)
    fargate.migration_ends = [End(0)]
    assert revision_of(graph_of(schema=Schema(lambda: HEAD))) == HEAD
