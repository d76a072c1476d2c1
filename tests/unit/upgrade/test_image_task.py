"""Tasks of the image: each is started once, found again, and tried anew where that may help."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.ecs.task import Task, tasks
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.upgrade import image_task
from tests.support.beside_moto.fargate import End, Fargate, behind, migrated
from tests.support.graphs.migrating_kit import OLDER, Build, graph_of, revision_of, waits_of
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.service_kit import HEAD, converge, remove

__all__ = ["graph_of"]


def test_given_the_function_dies_at_any_call_then_the_next_one_finds_the_task(
    fargate: Fargate, graph_of: Build
) -> None:
    with watched() as calls:
        converge(graph_of())
    remove(graph_of())
    first = calls.made.index("RunTask") + 1
    for last in range(first, len(calls.made) + 1):
        fargate.forget()
        with watched(last), pytest.raises(Killed):
            converge(graph_of())
        assert revision_of(graph_of()) == HEAD
        assert len(fargate.migrations) == 1
        remove(graph_of())


def test_given_a_task_that_is_not_to_be_seen_yet_then_no_second_one(
    fargate: Fargate, graph_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(range(1, 5))

    def none_at_first(*of: Any, **more: Any) -> list[Task]:
        return [] if next(looks, None) else tasks(*of, **more)

    monkeypatch.setattr(image_task, "tasks", none_at_first)
    assert revision_of(graph_of()) == HEAD
    assert len(fargate.migrations) == 1


def test_given_a_role_that_is_not_known_everywhere_yet_then_a_few_more_attempts(
    fargate: Fargate, graph_of: Build
) -> None:
    unknown = "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided"
    fargate.migration_ends = [
        End(None, reason=unknown, stop_code="TaskFailedToStart"),
        migrated(HEAD),
    ]
    assert revision_of(graph_of()) == HEAD
    assert len(fargate.migrations) == 2
    fargate.migration_ends = [fargate.migration_ends[0]]
    fargate.inspection_ends = [behind(OLDER, HEAD)]
    with pytest.raises(PermanentError, match="unable to assume the role"):
        converge(graph_of("mlflow:2"))
    assert len(fargate.migrations) == 2 + image_task.ATTEMPTS


def test_given_no_room_on_fargate_then_it_is_tried_again(fargate: Fargate, graph_of: Build) -> None:
    run_task = fargate.run_task
    refusals = [{"arn": "x", "reason": "Capacity is unavailable at this time"}]

    def full_at_first(asked: dict[str, Any]) -> dict[str, Any]:
        if refusals:
            return {"tasks": [], "failures": [refusals.pop()]}
        return run_task(asked)

    fargate.run_task = full_at_first  # type: ignore[method-assign]
    graph = graph_of()
    assert "ECS could not start it (Capacity is unavailable" in " ".join(waits_of(graph, 1))
    assert revision_of(graph) == HEAD
