"""Why a task stopped, in words that a person can act on."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.ecs import task as ecs_task
from cfn_mlflow.aws.ecs.task import Container, Task, cut, why
from cfn_mlflow.reason import Reason
from tests.support.objects.service_kit import boto

LOG = "/aws/ecs/mlflow-abcdefghij"


def task(reason: str, code: str, *containers: Container) -> Task:
    return Task(
        arn="arn:aws:ecs:eu-west-1:123456789012:task/mlflow/0123456789abcdef",
        definition_arn="arn:aws:ecs:eu-west-1:123456789012:task-definition/mlflow:1",
        status="STOPPED",
        stop_code=code,
        stopped_reason=reason,
        created_at=None,
        stopped_at=None,
        containers=containers,
    )


def log_of(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(ecs_task, "last_lines", lambda *_: list(lines))


def test_given_an_image_that_cannot_be_pulled_then_the_reason_and_where_to_look() -> None:
    reason = (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
        "resolve ref ghcr.io/mlflow/mlflow:v9.9.9: not found"
    )
    told = why(task(reason, "TaskFailedToStart"), LOG)
    assert told.reason is Reason.ImageNotPullable
    assert told.words.startswith("CannotPullContainerError: pull image manifest")
    assert "Check the image's name" in told.words


def test_given_more_tasks_than_a_page_has_then_all_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = boto("ecs")
    monkeypatch.setattr(ecs_task, "ecs", lambda: client)
    pages = [[f"arn/{number:03}" for number in range(start, start + 100)] for start in (0, 100)]
    of = {"cluster": "mlflow", "desiredStatus": "RUNNING", "serviceName": "mlflow"}
    with Stubber(client) as stub:
        stub.add_response("list_tasks", {"taskArns": pages[0], "nextToken": "more"}, of)
        stub.add_response("list_tasks", {"taskArns": pages[1]}, {**of, "nextToken": "more"})
        for page in pages:
            described = {"tasks": [{"taskArn": arn} for arn in page]}
            stub.add_response("describe_tasks", described, {"cluster": "mlflow", "tasks": page})
        found = ecs_task.tasks("mlflow", stopped=False, serviceName="mlflow")
    assert [one.arn for one in found] == pages[0] + pages[1]


def test_given_an_agent_that_guardduty_added_then_its_end_is_not_the_tasks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = boto("ecs")
    monkeypatch.setattr(ecs_task, "ecs", lambda: client)
    agent = {"name": "aws-guardduty-agent-1a2b", "reason": "CannotPullContainerError: denied"}
    described = {
        "taskArn": "arn/1",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "containers": [agent, {"name": "migration", "exitCode": 5}],
    }
    with Stubber(client) as stub:
        stub.add_response("list_tasks", {"taskArns": ["arn/1"]})
        stub.add_response("describe_tasks", {"tasks": [described]})
        [found] = ecs_task.tasks("mlflow", stopped=True, family="mlflow-migration")
    assert found.exit_code == 5
    log_of(monkeypatch)
    assert why(found, LOG).words.startswith("container migration ended with exit code 5")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("ResourceInitializationError: unable to pull secrets", Reason.SecretNotReadable),
        ("ECS was unable to assume the role 'arn:aws:iam::1:role/x'", Reason.AccessDenied),
        ("CannotPullContainerError: no such host", Reason.ImageNotPullable),
    ],
)
def test_each_cause_that_ecs_names_has_its_code(said: str, reason: Reason) -> None:
    assert why(task(said, "TaskFailedToStart"), LOG).reason is reason


def test_given_a_crash_then_exit_code_and_the_line_that_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_of(monkeypatch, "starting", "ModuleNotFoundError: No module named 'psycopg2'", "bye", "")
    ended = task(
        "Essential container in task exited",
        "EssentialContainerExited",
        Container("mlflow", 1, ""),
    )
    told = why(ended, LOG)
    assert told.reason is Reason.TaskFailed
    assert told.words == (
        "container mlflow ended with exit code 1; its log says: ModuleNotFoundError: No module "
        f"named 'psycopg2'. See log group {LOG}"
    )


def test_given_a_server_that_ended_well_then_the_line_that_tells_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_of(monkeypatch, "Error: No such option: --no-such-option")
    ended = task(
        "Essential container exited", "EssentialContainerExited", Container("mlflow", 0, "")
    )
    told = why(ended, LOG)
    assert told.words.startswith(
        "container mlflow ended with exit code 0; its log says: Error: No such"
    )


def test_task_that_the_load_balancer_found_ill_is_told_so_and_not_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log_of(monkeypatch)
    reason = "Task failed ELB health checks in (target-group arn:aws:x)"
    told = why(task(reason, "ServiceSchedulerInitiated", Container("mlflow", 143, "")), LOG)
    assert told.reason is Reason.ServiceNotStable
    assert told.words.startswith(reason)
    assert "subnets reach each other" in told.words


def test_given_too_little_memory_then_more(monkeypatch: pytest.MonkeyPatch) -> None:
    log_of(monkeypatch)
    killed = Container("mlflow", 137, "OutOfMemoryError: container killed due to memory usage")
    told = why(task("", "EssentialContainerExited", killed), LOG)
    assert told.reason is Reason.TaskOutOfMemory
    assert told.words.endswith("more memory")


def test_given_whatever_a_task_says_then_at_most_345_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    log_of(monkeypatch, "error " + "é" * 4000)
    told = why(task("", "", Container("mlflow", 1, "ü" * 4000)), LOG)
    assert len(told.words.encode()) <= 345


@pytest.mark.parametrize(
    "said",
    [
        "could not connect to postgresql+psycopg2://mlflow:hunter2@db/mlflow",
        "PGPASSWORD=hunter2 is wrong",
        '{"password": "hunter2"}',
        "secret_key: hunter2",
    ],
)
def test_given_a_credential_in_what_it_says_then_it_is_struck_out(said: str) -> None:
    assert "hunter2" not in cut(said, 200)
    assert "***" in cut(said, 200)
