"""The inspection and the migration run once, are found again, and end in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.ecs.task import Task, tasks
from cfn_mlflow.aws.ecs.task_definition import TaskDefinition
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError, TemporaryError, Waiting
from cfn_mlflow.upgrade import image_task
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import Inspection, InspectionView
from cfn_mlflow.upgrade.migration.notes import (
    AUTH_TAG,
    FALLBACK_IMAGE_TAG,
    FROM_TAG,
    SCHEMA_TAG,
    SNAPSHOT_TAG,
)
from cfn_mlflow.upgrade.migration.task import MigrationTask, MigrationView
from tests.support.objects import stacks
from tests.support.objects.fargate import End, Fargate, behind, migrated
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.service_kit import HEAD, boto, converge, owner, remove

NAME = "mlflow-abcdefghij"
OLDER = "b7e2c1a4d9f3"
"""The revision of MLflow 3.16."""
NEWER = "f4a9b2c7d1e6"
"""The revision of MLflow 3.18."""
SNAPSHOT = "mlflow-before"
Build = Callable[..., Graph]


@dataclass
class Schema:
    """A database with a Data API, in the state that each test sets."""

    at: Callable[[], str | None] = lambda: None
    empty: bool = False
    lacks: tuple[str, ...] = ()

    def revision(self) -> str | None:
        return self.at()

    def is_empty(self) -> bool:
        return self.empty

    def faults(self, revision: str) -> tuple[str, ...]:
        del revision
        return self.lacks


@pytest.fixture
def graph_of(fargate: Fargate, vpc: dict[str, Any]) -> Build:
    def build(image: str = "mlflow:1", schema: Schema | None = None) -> Graph:
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
        launcher = definition.output(
            lambda view: Launcher(
                owner(),
                view.arn,
                cluster.name,
                tuple(vpc["SubnetIds"]),
                (vpc["GroupId"],),
                log.name,
            )
        )
        inspection = graph.add(Inspection(launcher, schema), after=(cluster,))
        inspected = inspection.output(lambda view: view)
        task = graph.add(MigrationTask(launcher, inspected, SNAPSHOT, schema))
        graph.give(
            {
                "Revision": task.output(lambda view: view.revision),
                "Image": inspection.output(lambda view: view.fallback_image or image),
            }
        )
        return graph

    return build


def revision_of(graph: Graph) -> str:
    return converge(graph)["Revision"]


def notes(run: dict[str, Any]) -> dict[str, str]:
    """Return the tags of a task's task definition."""
    tags = boto("ecs").list_tags_for_resource(resourceArn=run["taskDefinitionArn"])["tags"]
    return {one["key"]: one["value"] for one in tags}


def waits_of(graph: Graph, looks: int) -> list[str]:
    """Return what each look waits for, without repetitions."""
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


def test_given_the_data_api_reads_the_same_then_nothing_runs(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(schema=Schema(lambda: HEAD)))
    converge(graph_of(schema=Schema(lambda: HEAD)))
    assert len(fargate.migrations) == 1


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


def test_given_another_revision_when_the_stack_rolls_back_then_it_is_left_as_it_is(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of(schema=Schema(lambda: HEAD)))
    with watched() as calls, stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        assert revision_of(graph_of(schema=Schema(lambda: "0123456789ab"))) == HEAD
    assert calls.writes == []


def test_given_the_data_api_reads_another_database_then_it_fails_saying_so(
    fargate: Fargate, graph_of: Build
) -> None:
    with pytest.raises(PermanentError, match="DatabaseClusterArn and DatabaseEndpoint are of the"):
        converge(graph_of(schema=Schema()))


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


def test_given_a_view_without_a_running_task_then_it_is_left_to_its_task_definition() -> None:
    launcher = Launcher(owner(), "arn", NAME, (), (), "log")
    task = MigrationTask(launcher, InspectionView(), "", None)
    assert task.retain(MigrationView(HEAD))
    assert task.retain(MigrationView(""))


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


def test_given_data_that_is_behind_then_what_was_and_its_snapshot_are_noted(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [behind(OLDER, HEAD)]
    fargate.migration_ends = [migrated(HEAD, **{"from": OLDER})]
    assert revision_of(graph_of()) == HEAD
    noted = notes(fargate.runs[0])
    assert (noted[FROM_TAG], noted[SNAPSHOT_TAG]) == (OLDER, SNAPSHOT)


def test_given_a_table_that_is_missing_then_it_is_named_before_anything_is_migrated(
    fargate: Fargate, graph_of: Build
) -> None:
    fargate.inspection_ends = [behind(OLDER, HEAD)]
    schema = Schema(lambda: OLDER, lacks=("table metrics is missing",))
    with pytest.raises(PermanentError, match="lacks what MLflow made: table metrics is missing"):
        converge(graph_of(schema=schema))
    assert not fargate.migrations


def test_given_a_migration_whose_tables_are_not_as_declared_then_it_names_them(
    fargate: Fargate, graph_of: Build
) -> None:
    schema = Schema(lambda: HEAD, empty=True, lacks=("table spans: column name is missing",))
    with pytest.raises(PermanentError, match="table spans: column name is missing"):
        converge(graph_of(schema=schema))


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


def test_given_a_rollback_and_no_image_that_can_serve_then_the_reason_has_commands(
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
