"""The deep check asks every task, in runs that ECS takes, and reports the image's digest."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from cfn_mlflow.aws.ecs.task_definition import IMAGE_DIGEST_TAG
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.reason import Reason
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.beside_moto.fargate import IMAGE_DIGEST, Fargate, checked
from tests.support.codes import failing
from tests.support.objects.service_kit import converge, owner

NAME = "mlflow-abcdefghij"
CHARACTERS = 8192
"""The characters that a task's overrides may have, as JSON (ECS API, RunTask)."""


def graph_of(properties: dict[str, Any], tasks: int) -> Graph:
    more = {"MinCapacity": str(tasks), "MaxCapacity": str(tasks), "DatabaseMaxConnections": "50000"}
    return service._graph(owner(), parse(ServiceProperties, properties | more))


def asked(run: dict[str, Any]) -> list[str]:
    """Return the addresses in the environment of a run of the check."""
    [container] = run["overrides"]["containerOverrides"]
    given = {one["name"]: one["value"] for one in container["environment"]}
    return str(given["CFN_MLFLOW_SERVERS"]).split(",")


def servers(fargate: Fargate) -> list[str]:
    """Return the addresses of the tasks that serve."""
    return [
        f"{task['attachments'][0]['details'][0]['value']}:5000" for task in fargate.servers(NAME)
    ]


@pytest.mark.parametrize("tasks", [1, 3, 500])
def test_each_task_of_a_service_of_any_size_is_asked_once_in_runs_that_ecs_takes(
    fargate: Fargate, properties: dict[str, Any], tasks: int
) -> None:
    converge(graph_of(properties, tasks), looks=100)
    runs = fargate.runs_for("check")
    told = [address for run in runs for address in asked(run)]
    assert sorted(told) == sorted(servers(fargate))
    assert len(told) == tasks
    assert all(len(json.dumps(run["overrides"])) <= CHARACTERS for run in runs)
    assert (len(runs) == 1) == (tasks < 100)


def test_task_of_a_later_run_that_does_not_serve_has_only_its_run_tried_again(
    fargate: Fargate, properties: dict[str, Any]
) -> None:
    fargate.check_ends = [checked(), checked("10.0.1.7:5000 answers 503")]
    with failing(Reason.DeepCheckFailed, match=r"deep check: 10\.0\.1\.7:5000 answers 503"):
        converge(graph_of(properties, 500), looks=100)
    first, second, again = fargate.runs_for("check")
    assert asked(second) == asked(again)
    assert not set(asked(first)) & set(asked(second))


@pytest.mark.parametrize("tasks", [2, 500])
def test_given_a_report_before_the_end_of_its_task_then_no_server_is_asked_twice(
    fargate: Fargate, properties: dict[str, Any], tasks: int
) -> None:
    fargate.looks_to_stop = 3
    converge(graph_of(properties, tasks), looks=100)
    told = [address for run in fargate.runs_for("check") for address in asked(run)]
    assert sorted(told) == sorted(servers(fargate))


# ---- The image's digest


def attributes(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = converge(graph, looks=100)
    return found


def notes() -> dict[str, str]:
    """Return the tags of the server's newest task definition."""
    found = boto3.client("ecs").describe_task_definition(taskDefinition=NAME, include=["TAGS"])
    return {tag["key"]: tag["value"] for tag in found["tags"]}


def test_service_with_a_sidecar_tells_the_digest_of_mlflows_own_image(
    fargate: Fargate, properties: dict[str, Any]
) -> None:
    fargate.image_digests["agent"] = "sha256:" + "a" * 64
    sidecar = {"Name": "agent", "Image": "public.ecr.aws/datadog/agent:7", "Essential": "false"}
    asked = properties | {"SidecarContainerDefinitions": [sidecar]}
    assert attributes(graph_of(asked, 2))["ImageDigest"] == IMAGE_DIGEST


def test_update_of_a_stack_with_a_noted_digest_looks_at_no_task(
    fargate: Fargate, properties: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    converge(graph_of(properties, 1), looks=100)
    looks: list[dict[str, Any]] = []
    list_tasks = fargate.list_tasks

    def look(asked: dict[str, Any]) -> dict[str, Any]:
        looks.append(asked)
        return list_tasks(asked)

    monkeypatch.setattr(fargate, "list_tasks", look)
    assert attributes(graph_of(properties, 1))["ImageDigest"] == IMAGE_DIGEST
    assert not [asked for asked in looks if "serviceName" in asked]


def test_update_of_a_stack_without_a_noted_digest_notes_it(
    fargate: Fargate, properties: dict[str, Any]
) -> None:
    converge(graph_of(properties, 1), looks=100)
    arn = fargate.servers(NAME)[0]["taskDefinitionArn"]
    boto3.client("ecs").untag_resource(resourceArn=arn, tagKeys=[IMAGE_DIGEST_TAG])
    assert IMAGE_DIGEST_TAG not in notes()
    assert attributes(graph_of(properties, 1))["ImageDigest"] == IMAGE_DIGEST
    assert notes()[IMAGE_DIGEST_TAG] == IMAGE_DIGEST
    assert len(fargate.runs_for("check")) == 1


def test_given_that_ecs_tells_no_digest_then_the_attribute_is_empty(
    fargate: Fargate, properties: dict[str, Any]
) -> None:
    fargate.image_digests.clear()
    assert attributes(graph_of(properties, 1))["ImageDigest"] == ""
    assert notes()[IMAGE_DIGEST_TAG] == ""
