"""The bounds of the service's tasks, and the policy between them."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.autoscaling.policy import CpuPolicy
from cfn_mlflow.aws.autoscaling.target import ScalableTarget
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.autoscaling_kit import SERVICE, policies
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

pytestmark = pytest.mark.usefixtures("service_to_scale")


def graph_of(least: int = 1, most: int = 4, percent: int = 70, **more: Any) -> Graph:
    graph = Graph()
    target = graph.add(ScalableTarget(owner(**more), SERVICE, least, most))
    policy = CpuPolicy(owner(**more), SERVICE, percent)
    (graph.add if most > least else graph.without)(policy, after=(target,))
    return graph


def targets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs"
    )["ScalableTargets"]
    return found


def test_given_a_service_then_its_bounds_and_a_policy_that_aims_at_the_target() -> None:
    converge(graph_of())
    [target] = targets()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    [policy] = policies()
    asked = policy["TargetTrackingScalingPolicyConfiguration"]
    assert asked["TargetValue"] == 70
    metric = asked["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "ECSServiceAverageCPUUtilization"


def test_given_it_is_there_then_a_second_time_writes_nothing() -> None:
    converge(graph_of())
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == []


def test_given_suspended_scaling_then_an_update_leaves_it_suspended() -> None:
    converge(graph_of())
    suspended = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True}
    boto("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=SERVICE,
        ScalableDimension="ecs:service:DesiredCount",
        SuspendedState=suspended,
    )
    converge(graph_of(most=6, percent=50, user_tags={"team": "a"}))
    [target] = targets()
    assert target["MaxCapacity"] == 6
    assert target["SuspendedState"].items() >= suspended.items()
    assert policies()[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50
    tags = boto("application-autoscaling").list_tags_for_resource(
        ResourceARN=target["ScalableTargetARN"]
    )["Tags"]
    assert tags["team"] == "a"


def test_given_equal_bounds_then_there_is_no_policy_to_pay_alarms_for() -> None:
    converge(graph_of())
    converge(graph_of(least=4))
    assert policies() == []


def test_given_a_removal_then_target_and_policy_go() -> None:
    converge(graph_of())
    remove(graph_of())
    assert (targets(), policies()) == ([], [])
