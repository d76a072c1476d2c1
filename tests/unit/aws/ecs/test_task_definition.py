"""Task definitions: the newest active revision is the one."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.ecs.task_definition import ReplacedRevisions, TaskDefinition, deregister
from cfn_mlflow.engine.graph import Graph
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

FAMILY = "mlflow-abcdefghij"


def definition(image: str = "mlflow:1") -> dict[str, Any]:
    container = {
        "name": "mlflow",
        "image": image,
        "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
    }
    return {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [container],
    }


def graph_of(image: str = "mlflow:1", part: str = "", **more: Any) -> Graph:
    graph = Graph()
    made = graph.add(TaskDefinition(owner(**more), definition(image), part))
    graph.give({"Arn": made.output(lambda view: view.arn)})
    return graph


def revisions(status: str = "ACTIVE") -> list[str]:
    found = boto("ecs").list_task_definitions(familyPrefix=FAMILY, status=status)
    return [arn.rsplit(":", 1)[-1] for arn in found["taskDefinitionArns"]]


def test_given_the_same_definition_then_no_new_revision(fargate: Fargate) -> None:
    first = converge(graph_of())
    with watched() as calls:
        assert converge(graph_of()) == first
    assert calls.writes == []


def test_given_another_image_then_a_new_revision_and_the_old_one_goes(fargate: Fargate) -> None:
    converge(graph_of())
    assert converge(graph_of("mlflow:2"))["Arn"].endswith(f"/{FAMILY}:2")
    assert (revisions(), revisions("INACTIVE")) == (["2"], [])


def test_given_only_other_tags_then_the_same_revision_with_them(fargate: Fargate) -> None:
    first = converge(graph_of())
    assert converge(graph_of(user_tags={"team": "a"})) == first
    tags = boto("ecs").list_tags_for_resource(resourceArn=first["Arn"])["tags"]
    assert {"key": "team", "value": "a"} in tags


def test_given_a_newest_revision_that_failed_then_the_one_before_needs_nothing(
    fargate: Fargate,
) -> None:
    first = converge(graph_of())
    TaskDefinition(owner(), definition("mlflow:2")).create()
    deregister(first["Arn"].replace(":1", ":2").replace("eu-west-2", "eu-west-1"))
    assert converge(graph_of()) == first
    assert (revisions(), revisions("INACTIVE")) == (["1"], [])


def test_older_revision_that_runs_stays_until_the_service_has_left_it(
    fargate: Fargate,
) -> None:
    first = converge(graph_of())["Arn"]
    ecs = boto("ecs")
    ecs.create_cluster(clusterName=FAMILY)
    ecs.create_service(cluster=FAMILY, serviceName=FAMILY, taskDefinition=first, desiredCount=1)
    second = converge(graph_of("mlflow:2"))["Arn"]
    assert revisions() == ["1", "2"]
    ecs.update_service(cluster=FAMILY, service=FAMILY, taskDefinition=second)
    converge(graph_of("mlflow:2"))
    assert revisions() == ["1", "2"], "its old tasks still run"
    ecs.describe_services(cluster=FAMILY, services=[FAMILY])
    converge(graph_of("mlflow:2"))
    assert (revisions(), revisions("INACTIVE")) == (["2"], [])


@pytest.mark.parametrize("failed", [False, True])
def test_removal_deletes_an_older_revision_that_runs_after_its_service(
    fargate: Fargate, failed: bool
) -> None:
    first = converge(graph_of())["Arn"]
    boto("ecs").create_cluster(clusterName=FAMILY)
    boto("ecs").create_service(
        cluster=FAMILY, serviceName=FAMILY, taskDefinition=first, desiredCount=1
    )
    newest = converge(graph_of("mlflow:2"))["Arn"]
    if failed:
        deregister(first)
    old = ReplacedRevisions(owner(), FAMILY)
    assert old.observe() is None
    fargate.services.clear()
    definition_of_the_newest = TaskDefinition(owner(), definition("mlflow:2"))
    found = definition_of_the_newest.observe()
    assert found
    assert found.view.arn == newest
    definition_of_the_newest.delete(found.view)
    assert (revisions(), revisions("INACTIVE")) == ([], [])


def test_given_nothing_was_replaced_then_the_service_is_not_read(fargate: Fargate) -> None:
    converge(graph_of())
    with watched() as calls:
        converge(graph_of())
    assert "DescribeServices" not in calls.made


def test_given_active_and_inactive_revisions_then_a_removal_deletes_them_all(
    fargate: Fargate,
) -> None:
    converge(graph_of())
    other = converge(graph_of(part="migration"))["Arn"]
    TaskDefinition(owner(), definition("mlflow:2")).create()
    deregister(converge(graph_of("mlflow:3"))["Arn"])
    remove(graph_of())
    assert (revisions(), revisions("INACTIVE")) == ([], [])
    assert boto("ecs").describe_task_definition(taskDefinition=other)
