"""Application Auto Scaling in the local AWS: bounds that act, and AWS's refusals."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAwsError
from tests.support.local_aws.data_plane_kit import Lab
from tests.support.waiting import until

SERVICE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/lab/scaled",
    "ScalableDimension": "ecs:service:DesiredCount",
}
SLEEP = {"command": ["python", "-c", "import time; time.sleep(600)"], "stopTimeout": 2}


@pytest.fixture(scope="module", autouse=True)
def scaled_service(lab: Lab) -> None:
    lab.client("ecs").create_service(
        cluster="lab",
        serviceName="scaled",
        taskDefinition=lab.define("sleep", SLEEP),
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=lab.network,
    )


@pytest.fixture
def scaling(lab: Lab) -> Iterator[Any]:
    client = lab.client("application-autoscaling")
    yield client
    if client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
        client.deregister_scalable_target(**SERVICE)
    lab.client("ecs").update_service(cluster="lab", service="scaled", desiredCount=0)


def counts(lab: Lab) -> tuple[int, int]:
    found = lab.client("ecs").describe_services(cluster="lab", services=["scaled"])["services"][0]
    return found["desiredCount"], found["runningCount"]


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


def suspended(value: bool) -> dict[str, bool]:
    names = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    return dict.fromkeys(names, value)


def test_a_service_below_the_minimum_is_lifted_when_its_target_is_registered(
    lab: Lab, scaling: Any
) -> None:
    scaling.register_scalable_target(**SERVICE, MinCapacity=2, MaxCapacity=4)
    until(lambda: counts(lab), lambda found: found == (2, 2))
    scaling.register_scalable_target(**SERVICE, MinCapacity=0, MaxCapacity=1)
    until(lambda: counts(lab), lambda found: found == (1, 1))


def test_a_suspended_target_leaves_the_service_alone(lab: Lab, scaling: Any) -> None:
    scaling.register_scalable_target(
        **SERVICE, MinCapacity=2, MaxCapacity=4, SuspendedState=suspended(value=True)
    )
    assert counts(lab) == (0, 0)
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert target["SuspendedState"] == suspended(value=True)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 4)
    scaling.register_scalable_target(**SERVICE, SuspendedState=suspended(value=False))
    assert counts(lab)[0] == 2


@pytest.mark.parametrize("suspends", [True, False])
def test_scheduled_action_starts_tasks_only_while_its_scaling_is_not_suspended(
    lab: Lab, scaling: Any, *, suspends: bool
) -> None:
    scaling.register_scalable_target(
        **SERVICE, MinCapacity=0, MaxCapacity=0, SuspendedState=suspended(suspends)
    )
    scaling.put_scheduled_action(
        **SERVICE,
        ScheduledActionName="morning",
        Schedule="cron(0 6 * * ? *)",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4},
    )
    lab.aws.run_scheduled_action(SERVICE["ResourceId"], "morning")
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert target["MinCapacity"] == counts(lab)[0] == (0 if suspends else 2)
    with pytest.raises(LocalAwsError, match="no scheduled action evening"):
        lab.aws.run_scheduled_action(SERVICE["ResourceId"], "evening")


def test_bounds_that_change_while_suspended_act_when_the_suspension_ends(
    lab: Lab, scaling: Any
) -> None:
    scaling.register_scalable_target(**SERVICE, MinCapacity=0, MaxCapacity=4)
    scaling.register_scalable_target(**SERVICE, SuspendedState=suspended(value=True))
    scaling.register_scalable_target(**SERVICE, MinCapacity=1)
    assert counts(lab)[0] == 0
    scaling.register_scalable_target(**SERVICE, SuspendedState=suspended(value=False))
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert (target["MinCapacity"], target["MaxCapacity"], counts(lab)[0]) == (1, 4, 1)


def test_a_policy_has_its_alarms_for_as_long_as_it_lives(lab: Lab, scaling: Any) -> None:
    cloudwatch = lab.client("cloudwatch")
    scaling.register_scalable_target(**SERVICE, MinCapacity=0, MaxCapacity=4)
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    policy = {
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": metric,
        },
    }
    made = scaling.put_scaling_policy(**SERVICE, **policy)
    names = {alarm["AlarmName"] for alarm in made["Alarms"]}
    assert len(names) == 2
    assert {one["AlarmName"] for one in cloudwatch.describe_alarms()["MetricAlarms"]} == names
    again = scaling.put_scaling_policy(**SERVICE, **policy)
    assert again["PolicyARN"] == made["PolicyARN"]
    found = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["cpu"])
    assert [one["PolicyName"] for one in found["ScalingPolicies"]] == ["cpu"]
    scaling.deregister_scalable_target(**SERVICE)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_scheduled_actions_are_kept_and_given_back(scaling: Any) -> None:
    scaling.register_scalable_target(**SERVICE, MinCapacity=0, MaxCapacity=4)
    action = {"ScheduledActionName": "night", "Schedule": "cron(0 20 * * ? *)"}
    bounds = {"MinCapacity": 0, "MaxCapacity": 0}
    scaling.put_scheduled_action(**SERVICE, **action, ScalableTargetAction=bounds)
    found = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert [(one["Schedule"], one["ScalableTargetAction"]) for one in found] == [
        (action["Schedule"], bounds)
    ]
    scaling.delete_scheduled_action(**SERVICE, ScheduledActionName="night")
    with pytest.raises(ClientError) as error:
        scaling.delete_scheduled_action(**SERVICE, ScheduledActionName="night")
    assert refusal(error)[0] == "ObjectNotFoundException"


def test_a_target_carries_tags(scaling: Any) -> None:
    arn = scaling.register_scalable_target(
        **SERVICE, MinCapacity=0, MaxCapacity=4, Tags={"owner": "me"}
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"more": "yes"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"owner": "me", "more": "yes"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["owner"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"more": "yes"}


def test_what_aws_refuses_is_refused_and_changes_nothing(scaling: Any) -> None:
    with pytest.raises(ClientError) as error:
        scaling.deregister_scalable_target(**SERVICE)
    assert refusal(error) == (
        "ObjectNotFoundException",
        "No scalable target registered for service namespace: ecs, resource ID: "
        "service/lab/scaled, scalable dimension: ecs:service:DesiredCount",
    )
    with pytest.raises(ClientError) as error:
        scaling.register_scalable_target(
            **{**SERVICE, "ResourceId": "service/lab/none"}, MinCapacity=0, MaxCapacity=1
        )
    assert refusal(error) == ("ValidationException", "ECS service doesn't exist: service/lab/none")
    scaling.register_scalable_target(**SERVICE, MinCapacity=0, MaxCapacity=4)
    with pytest.raises(ClientError) as error:
        scaling.register_scalable_target(**SERVICE, MinCapacity=5)
    assert refusal(error)[0] == "ValidationException"
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"][0]
    assert target["MinCapacity"] == 0
