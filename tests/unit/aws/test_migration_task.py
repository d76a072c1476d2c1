"""The migration task: run once, found again, never stopped, and its end in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cfn_mlflow.aws import migration_task
from cfn_mlflow.aws.ecs_cluster import Cluster
from cfn_mlflow.aws.ecs_task import Task, tasks
from cfn_mlflow.aws.ecs_task_definition import TaskDefinition
from cfn_mlflow.aws.errors import explain
from cfn_mlflow.aws.logs import LogGroup
from cfn_mlflow.aws.migration_task import SCHEMA_TAG, MigrationTask, ReadBack
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.managed import later
from cfn_mlflow.outcome import PermanentError, TemporaryError, Waiting
from tests.unit.support.fargate import End, Fargate, migrated
from tests.unit.support.kill_points import Killed, watched
from tests.unit.support.service_kit import HEAD, boto, converge, owner, remove

NAME = "mlflow-abcdefghij"
NEWER = "f4a9b2c7d1e6"
"""The revision of MLflow 3.18."""
Build = Callable[..., Graph]


@pytest.fixture
def graph_of(fargate: Fargate, vpc: dict[str, Any]) -> Build:
    def build(image: str = "mlflow:1", read_back: ReadBack | None = None) -> Graph:
        graph = Graph()
        log = graph.add(LogGroup(owner(), 30))
        cluster = graph.add(Cluster(owner()))
        container = {
            "name": "migration",
            "image": image,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": log.name, "awslogs-stream-prefix": "mlflow"},
            },
        }
        asked = {
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": "1024",
            "memory": "2048",
            "containerDefinitions": [container],
        }
        definition = graph.add(TaskDefinition(owner(), asked, "migration"), after=(log,))
        task = graph.add(
            MigrationTask(
                owner(),
                definition_arn=later(definition, lambda view: view.arn),
                cluster=cluster.name,
                subnet_ids=tuple(vpc["SubnetIds"]),
                security_group_ids=(vpc["GroupId"],),
                log_group=log.name,
                read_back=read_back,
            ),
            after=(cluster,),
        )
        graph.give({"Revision": later(task, lambda view: view.revision)})
        return graph

    return build


def waits_of(graph: Graph, looks: int) -> list[str]:
    """Return what is waited for, look by look, without repetitions."""
    convergence = Convergence(graph, explain)
    told: list[str] = []
    for _ in range(looks):
        outcome = convergence.step()
        if isinstance(outcome, Waiting):
            told += [f"{label}: {state}" for label, state in outcome.waits.items()]
    return list(dict.fromkeys(told))


def test_given_a_database_then_one_task_brings_it_up_and_its_revision_is_kept(
    fargate: Fargate, graph_of: Build
) -> None:
    assert converge(graph_of()) == {"Revision": HEAD}
    [run] = fargate.runs
    assert run["startedBy"] == "cfn-mlflow/abcdefghij"
    tags = boto("ecs").list_tags_for_resource(resourceArn=run["taskDefinitionArn"])["tags"]
    assert {"key": SCHEMA_TAG, "value": HEAD} in tags


def test_given_it_ran_for_this_task_definition_then_it_is_not_run_again(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    with watched() as calls:
        assert converge(graph_of()) == {"Revision": HEAD}
    assert calls.writes == []
    assert len(fargate.runs) == 1


def test_given_another_image_then_it_runs_again(fargate: Fargate, graph_of: Build) -> None:
    converge(graph_of())
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER)]
    assert converge(graph_of("mlflow:2")) == {"Revision": NEWER}
    assert len(fargate.runs) == 2


def test_given_a_task_that_runs_then_its_states_are_told(fargate: Fargate, graph_of: Build) -> None:
    fargate.looks_to_end = 4
    assert waits_of(graph_of(), 6) == ["migration task: running"]


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
        assert converge(graph_of()) == {"Revision": HEAD}
        assert len(fargate.runs) == 1
        remove(graph_of())


def test_given_a_task_that_is_not_to_be_seen_yet_then_no_second_one(
    fargate: Fargate, graph_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(range(1, 5))

    def none_at_first(*of: Any, **more: Any) -> list[Task]:
        return [] if next(looks, None) else tasks(*of, **more)

    monkeypatch.setattr(migration_task, "tasks", none_at_first)
    assert converge(graph_of()) == {"Revision": HEAD}
    assert len(fargate.runs) == 1


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
    monkeypatch.setattr(migration_task, "SECONDS_FOR_THE_LOG", -1)
    fargate.migration_ends = [end]
    with pytest.raises(PermanentError) as raised:
        converge(graph_of())
    assert str(raised.value).startswith("migration task: ")
    assert words in str(raised.value)
    assert len(str(raised.value).encode()) <= 400
    assert len(fargate.runs) == 1


def test_given_a_failed_attempt_then_the_next_deploy_is_an_attempt_of_its_own(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.migration_ends = [migrated(HEAD, "login-refused", reason="no"), migrated(HEAD)]
    with pytest.raises(PermanentError):
        converge(graph_of())
    assert converge(graph_of()) == {"Revision": HEAD}
    assert len(fargate.runs) == 2


def test_given_a_failed_image_then_the_rollback_to_the_one_before_runs_nothing(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER, "login-refused", reason="no")]
    with pytest.raises(PermanentError):
        converge(graph_of("mlflow:2"))
    assert converge(graph_of()) == {"Revision": HEAD}
    assert len(fargate.runs) == 2


def test_given_a_role_that_is_not_known_everywhere_yet_then_a_few_more_attempts(
    fargate: Fargate, graph_of: Build
) -> None:
    unknown = "ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided"
    fargate.migration_ends = [
        End(None, reason=unknown, stop_code="TaskFailedToStart"),
        migrated(HEAD),
    ]
    assert converge(graph_of()) == {"Revision": HEAD}
    assert len(fargate.runs) == 2
    fargate.migration_ends = [fargate.migration_ends[0]]
    with pytest.raises(PermanentError, match="unable to assume the role"):
        converge(graph_of("mlflow:2"))
    assert len(fargate.runs) == 2 + migration_task.ATTEMPTS


def test_given_a_log_that_comes_late_then_it_is_waited_for(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.migration_ends = [End(0)]
    assert "migration task: waiting for its log" in waits_of(graph_of(), 6)


def test_given_a_log_that_never_comes_then_the_exit_code_counts(
    fargate: Fargate, graph_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_task, "SECONDS_FOR_THE_LOG", -1)
    fargate.migration_ends = [End(0)]
    assert converge(graph_of(read_back=lambda: HEAD)) == {"Revision": HEAD}


def test_given_the_data_api_reads_the_same_then_nothing_runs(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(read_back=lambda: HEAD))
    converge(graph_of(read_back=lambda: HEAD))
    assert len(fargate.runs) == 1


def test_given_the_database_went_elsewhere_since_then_it_runs_again(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(read_back=lambda: HEAD))
    [run] = fargate.runs
    run["stoppedAt"] = datetime.now(UTC) - timedelta(minutes=10)

    def read_back() -> str | None:
        return HEAD if len(fargate.runs) > 1 else None

    assert converge(graph_of(read_back=read_back)) == {"Revision": HEAD}
    assert len(fargate.runs) == 2


def test_given_the_data_api_reads_another_database_then_it_fails_saying_so(
    fargate: Fargate, graph_of: Build
) -> None:
    with pytest.raises(PermanentError, match="DatabaseClusterArn and DatabaseEndpoint are of the"):
        converge(graph_of(read_back=lambda: None))


def test_given_a_paused_database_then_it_is_waited_for(fargate: Fargate, graph_of: Build) -> None:
    paused = iter([False, True])

    def read_back() -> str | None:
        if next(paused, False):
            raise TemporaryError("resuming")
        return HEAD

    assert converge(graph_of(read_back=read_back)) == {"Revision": HEAD}


def test_given_a_migration_that_runs_then_a_removal_waits_for_its_end(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.looks_to_end = 5
    waits_of(graph_of(), 2)
    with watched() as calls:
        remove(graph_of())
    [run] = fargate.runs
    assert run["lastStatus"] == "STOPPED"
    assert run["stopCode"] == "EssentialContainerExited"
    assert "StopTask" not in calls.made


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
    assert converge(graph) == {"Revision": HEAD}


def test_given_a_view_without_a_running_task_then_it_is_left_to_its_task_definition() -> None:
    done = migration_task.MigrationView(HEAD, ())
    task = MigrationTask(owner(), "arn", NAME, (), (), "log", None)
    assert task.left(done)
    assert task.left(replace(done, revision=""))
