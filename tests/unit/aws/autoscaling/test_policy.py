"""The policy that keeps the CPU of a service's tasks at a target."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cfn_mlflow.aws.autoscaling.client import autoscaling
from cfn_mlflow.aws.autoscaling.policy import CpuPolicy, CpuPolicyView
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.autoscaling_kit import SERVICE, policies
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import converge, owner

pytestmark = pytest.mark.usefixtures("scaled_service")


def graph_of(percent: int = 70) -> Graph:
    graph = Graph()
    graph.add(CpuPolicy(owner(), SERVICE, percent))
    return graph


def test_policy_adds_tasks_sooner_than_it_takes_them_away() -> None:
    converge(graph_of())
    [policy] = policies()
    asked = policy["TargetTrackingScalingPolicyConfiguration"]
    assert (asked["ScaleOutCooldown"], asked["ScaleInCooldown"]) == (60, 300)
    assert policy["PolicyType"] == "TargetTrackingScaling"


def test_policy_with_another_target_is_put_again_under_the_same_name() -> None:
    converge(graph_of())
    with watched() as calls:
        converge(graph_of(50))
    assert calls.writes == ["PutScalingPolicy"]
    [policy] = policies()
    assert policy["PolicyName"] == "mlflow-cpu-abcdefghij"
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50


def deleted(code: str) -> None:
    """Delete a policy, and let the service answer with this error."""
    policy = CpuPolicy(owner(), SERVICE, 70)
    with Stubber(autoscaling()) as stub:
        stub.add_client_error("delete_scaling_policy", code, "as the service says it")
        policy.delete(CpuPolicyView("arn", {}))


def test_policy_that_went_with_its_target_is_deleted_already() -> None:
    deleted("ObjectNotFoundException")
    with pytest.raises(ClientError):
        deleted("ConcurrentUpdateException")
