"""Load balancer, target group and listener."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.elbv2.listener import Listener
from cfn_mlflow.aws.elbv2.load_balancer import PROTECTION, DeletionProtection, LoadBalancer
from cfn_mlflow.aws.elbv2.target_group import STARTING, TargetGroup, unhealthy
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

Vpc = dict[str, Any]


def graph_of(vpc: Vpc, *, internal: bool = True, whose: Owner | None = None) -> Graph:
    graph = Graph()
    whose = whose or owner()
    balancer = graph.add(
        LoadBalancer(whose, internal, vpc["VpcId"], tuple(vpc["SubnetIds"]), vpc["GroupId"])
    )
    group = graph.add(TargetGroup(whose, balancer.name, vpc["VpcId"], 5000))
    arn = balancer.output(lambda view: view.arn)
    listener = graph.add(Listener(whose, arn, group.output(lambda view: view.arn), 80))
    graph.add(DeletionProtection(arn), after=(listener,))
    graph.give({"Arn": arn, "Name": balancer.output(lambda view: view.dns_name)})
    return graph


def balancers() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto("elbv2").describe_load_balancers()["LoadBalancers"]
    return found


def attributes(arn: str) -> dict[str, str]:
    found = boto("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {one["Key"]: one["Value"] for one in found}


def test_given_nothing_then_an_internal_one_that_forwards_to_healthy_tasks(vpc: Vpc) -> None:
    arn = converge(graph_of(vpc))["Arn"]
    [balancer] = balancers()
    assert balancer["Scheme"] == "internal"
    assert len(balancer["LoadBalancerName"]) <= 32
    found = attributes(arn)
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found[PROTECTION] == "true"
    [group] = boto("elbv2").describe_target_groups()["TargetGroups"]
    assert (group["TargetType"], group["Port"], group["Protocol"]) == ("ip", 5000, "HTTP")
    assert (group["HealthCheckPath"], group["Matcher"]["HttpCode"]) == ("/health", "200")
    [listener] = boto("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert listener["DefaultActions"][0]["TargetGroupArn"] == group["TargetGroupArn"]
    for tagged in (arn, group["TargetGroupArn"], listener["ListenerArn"]):
        tags = boto("elbv2").describe_tags(ResourceArns=[tagged])["TagDescriptions"][0]["Tags"]
        assert {"Key": "cfn-mlflow:owner", "Value": owner().tag} in tags


def test_given_it_is_there_then_a_second_time_writes_nothing(vpc: Vpc) -> None:
    first = converge(graph_of(vpc))
    with watched() as calls:
        assert converge(graph_of(vpc)) == first
    assert calls.writes == []


def test_given_changes_by_another_hand_then_they_are_undone_in_place(vpc: Vpc) -> None:
    arn = converge(graph_of(vpc))["Arn"]
    elbv2 = boto("elbv2")
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "4000"}]
    )
    other = boto("ec2").create_security_group(
        GroupName="other", Description="other", VpcId=vpc["VpcId"]
    )["GroupId"]
    elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])
    [group] = elbv2.describe_target_groups()["TargetGroups"]
    elbv2.modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckPath="/")
    assert converge(graph_of(vpc))["Arn"] == arn
    assert attributes(arn)["idle_timeout.timeout_seconds"] == "60"
    assert balancers()[0]["SecurityGroups"] == [vpc["GroupId"]]
    assert elbv2.describe_target_groups()["TargetGroups"][0]["HealthCheckPath"] == "/health"


def test_given_another_subnet_then_it_changes_in_place(vpc: Vpc) -> None:
    arn = converge(graph_of(vpc))["Arn"]
    third = boto("ec2").create_subnet(
        VpcId=vpc["VpcId"], CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1c"
    )["Subnet"]["SubnetId"]
    more = {**vpc, "SubnetIds": [*vpc["SubnetIds"], third]}
    assert converge(graph_of(more))["Arn"] == arn
    zones = balancers()[0]["AvailabilityZones"]
    assert {zone["SubnetId"] for zone in zones} == set(more["SubnetIds"])


def test_given_another_scheme_then_a_new_one_beside_and_the_protected_old_one_goes(
    vpc: Vpc,
) -> None:
    before = converge(graph_of(vpc))
    with watched() as calls:
        after = converge(graph_of(vpc, internal=False))
    assert after["Arn"] != before["Arn"]
    assert [one["Scheme"] for one in balancers()] == ["internet-facing"]
    assert len(boto("elbv2").describe_target_groups()["TargetGroups"]) == 1
    assert calls.made.index("CreateListener") < calls.made.index("DeleteLoadBalancer")


def test_given_two_of_both_schemes_after_a_cut_off_update_then_a_removal_finds_both(
    vpc: Vpc,
) -> None:
    converge(graph_of(vpc))
    newer = graph_of(vpc, internal=False).wanted[0]
    assert isinstance(newer, LoadBalancer)
    newer.create()
    assert len(balancers()) == 2
    remove(graph_of(vpc))
    assert balancers() == []
    assert boto("elbv2").describe_target_groups()["TargetGroups"] == []


def test_given_another_resources_load_balancer_then_a_removal_leaves_it(vpc: Vpc) -> None:
    converge(graph_of(vpc))
    others = converge(graph_of(vpc, whose=owner("Other")))
    remove(graph_of(vpc))
    assert [one["LoadBalancerArn"] for one in balancers()] == [others["Arn"]]


def test_given_targets_that_are_not_healthy_then_the_reason_in_words(aws: None) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/1234567890123456"
    health = [
        {"State": "healthy"},
        {"State": "draining", "Reason": "Target.DeregistrationInProgress"},
        {
            "State": "unhealthy",
            "Reason": "Target.Timeout",
            "Description": "Request timed out",
        },
    ]
    with Stubber(session.client("elbv2")) as stubber:
        for shown in (health, health[:2]):
            stubber.add_response(
                "describe_target_health",
                {"TargetHealthDescriptions": [{"TargetHealth": one} for one in shown]},
                {"TargetGroupArn": arn},
            )
        assert unhealthy(arn) == "1 of 3 not healthy (Request timed out)"
        assert unhealthy(arn) == ""


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([{"State": "initial", "Reason": "Elb.InitialHealthChecking"}], STARTING),
        ([{"State": "unhealthy", "Reason": "Target.FailedHealthChecks"}], STARTING),
        ([{"State": "healthy"}, {"State": "unhealthy", "Reason": "Target.Timeout"}], STARTING),
        (
            [
                {"State": "initial"},
                {
                    "State": "unhealthy",
                    "Reason": "Target.ResponseCodeMismatch",
                    "Description": "Health checks failed with these codes: [403]",
                },
            ],
            "1 of 2 not healthy (Health checks failed with these codes: [403])",
        ),
    ],
)
def test_given_tasks_that_start_then_only_a_wrong_answer_is_a_fault(
    aws: None, targets: list[dict[str, str]], words: str
) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/1234567890123456"
    with Stubber(session.client("elbv2")) as stubber:
        stubber.add_response(
            "describe_target_health",
            {"TargetHealthDescriptions": [{"TargetHealth": one} for one in targets]},
            {"TargetGroupArn": arn},
        )
        assert unhealthy(arn, starting=True) == words
