"""The service: stable only when the deployment of our own task definition has completed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.ecs.service import Service
from cfn_mlflow.aws.ecs.task_definition import TaskDefinition
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.reason import Reason
from tests.support.beside_moto.fargate import End, Fargate
from tests.support.codes import failing
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, logging_definition, owner, remove

NAME = "mlflow-abcdefghij"
TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/1234567890123456"
Build = Callable[..., Graph]


@pytest.fixture
def graph_of(fargate: Fargate, vpc: dict[str, Any]) -> Build:
    def build(image: str = "mlflow:1", least: int = 2, most: int = 4, **more: Any) -> Graph:
        graph = Graph()
        log = graph.add(LogGroup(owner(), 30))
        cluster = graph.add(Cluster(owner()))
        asked = logging_definition("mlflow", image, log.name, "256", "512")
        definition = graph.add(TaskDefinition(owner(), asked), after=(log,))
        service = graph.add(
            Service(
                owner(**more),
                definition_arn=definition.output(lambda view: view.arn),
                subnet_ids=tuple(vpc["SubnetIds"]),
                security_group_ids=(vpc["GroupId"],),
                target_group_arn=TARGETS,
                container="mlflow",
                port=5000,
                min_capacity=least,
                max_capacity=most,
                log_group=log.name,
            ),
            after=(cluster,),
        )
        graph.give({"Running": service.output(lambda view: view.definition_arn)})
        return graph

    return build


def scale(to: int) -> None:
    boto("ecs").update_service(cluster=NAME, service=NAME, desiredCount=to)


def test_given_nothing_then_fargate_tasks_with_a_breaker_that_rolls_back(
    fargate: Fargate, graph_of: Build
) -> None:
    assert converge(graph_of())["Running"].endswith(":1")
    made = fargate.services[NAME]
    assert (made["launchType"], made["desiredCount"]) == ("FARGATE", 2)
    deployment = made["deploymentConfiguration"]
    assert deployment["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert (deployment["minimumHealthyPercent"], deployment["maximumPercent"]) == (100, 200)
    assert made["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert made["propagateTags"] == "SERVICE"
    assert {"key": "cfn-mlflow:owner", "value": owner().tag} in made["tags"]
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == []


def test_given_a_number_within_the_bounds_then_it_is_autoscalings(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    scale(3)
    converge(graph_of())
    assert fargate.services[NAME]["desiredCount"] == 3


@pytest.mark.parametrize(("found", "then"), [(0, 2), (9, 4)])
def test_given_a_number_out_of_bounds_then_the_nearest_within(
    fargate: Fargate, graph_of: Build, found: int, then: int
) -> None:
    converge(graph_of())
    scale(found)
    converge(graph_of(least=2, most=4))
    assert fargate.services[NAME]["desiredCount"] == then


def test_given_no_task_is_wanted_then_none_is_success(fargate: Fargate, graph_of: Build) -> None:
    converge(graph_of(least=0, most=1))
    assert fargate.services[NAME]["runningCount"] == 0


def test_given_another_task_definition_then_it_is_done_when_that_one_runs(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    assert converge(graph_of("mlflow:2"))["Running"].endswith(":2")
    assert [d["taskDefinition"][-2:] for d in fargate.services[NAME]["deployments"]] == [":2"]


def test_given_tasks_that_all_fail_then_the_first_cause_within_a_few_looks(
    fargate: Fargate, graph_of: Build
) -> None:
    pull = "CannotPullContainerError: ghcr.io/mlflow/mlflow:v9: not found"
    fargate.server_ends = lambda _: End(None, reason=pull, stop_code="TaskFailedToStart")
    with failing(Reason.ImageNotPullable, match="ECS service: CannotPullContainerError") as raised:
        converge(graph_of(), looks=6)
    assert "Check the image's name" in str(raised.value)
    assert len(str(raised.value).encode()) <= 400


def test_rollback_of_an_image_that_crashes_only_moves_the_service_back(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    fargate.server_ends = lambda definition: (
        End(1, "ImportError: nothing works")
        if definition["containerDefinitions"][0]["image"] == "mlflow:2"
        else None
    )
    with failing(Reason.TaskFailed, match="its log says: ImportError: nothing works"):
        converge(graph_of("mlflow:2"))
    with watched() as calls:
        assert converge(graph_of())["Running"].endswith(":1")
    assert "RegisterTaskDefinition" not in calls.made
    fargate.server_ends = lambda _: None
    with watched() as calls:
        converge(graph_of("mlflow:2"))
    assert calls.writes.count("RegisterTaskDefinition") == 1


def test_given_a_breaker_that_rolled_back_then_stable_is_not_success(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    fargate.looks_to_deploy = 5
    graph = graph_of("mlflow:2")
    service = fargate.services[NAME]

    def roll_back() -> None:
        failed = service["deployments"][0]
        failed |= {"status": "ACTIVE", "rolloutState": "FAILED", "failedTasks": 3}
        failed["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        service["taskDefinition"] = service["taskDefinition"][:-1] + "1"
        service["deployments"].insert(
            0,
            {
                **failed,
                "id": "ecs-svc/back",
                "status": "PRIMARY",
                "rolloutState": "COMPLETED",
                "taskDefinition": service["taskDefinition"],
            },
        )

    fargate.after_update = roll_back
    with failing(Reason.ServiceNotStable, match="circuit breaker: tasks failed to start"):
        converge(graph)


def test_given_an_older_service_that_drains_then_a_new_one_waits_for_it(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    boto("ecs").delete_service(cluster=NAME, service=NAME, force=True)
    converge(graph_of())
    assert fargate.services[NAME]["status"] == "ACTIVE"


def test_given_a_removal_then_its_tasks_have_stopped_before_the_cluster_goes(
    fargate: Fargate, graph_of: Build
) -> None:
    converge(graph_of())
    remove(graph_of())
    assert fargate.services[NAME]["status"] == "INACTIVE"
    [cluster] = boto("ecs").describe_clusters(clusters=[NAME])["clusters"]
    assert cluster["status"] == "INACTIVE"


def test_given_other_tags_then_no_new_deployment(fargate: Fargate, graph_of: Build) -> None:
    converge(graph_of())
    with watched() as calls:
        converge(graph_of(user_tags={"team": "a"}))
    assert calls.writes == ["TagResource"]


def test_given_a_service_that_drains_then_a_deletion_waits(
    fargate: Fargate, graph_of: Build
) -> None:
    graph = graph_of()
    converge(graph)
    service = next(one for one in graph.wanted if isinstance(one, Service))
    boto("ecs").delete_service(cluster=NAME, service=NAME, force=True)
    found = service.observe()
    assert found is not None
    with pytest.raises(TemporaryError, match="its tasks are stopping"):
        service.delete(found.view)
