"""Load balancer, target group and listener."""

from __future__ import annotations

from cfn_mlflow.aws.elbv2.load_balancer import PROTECTION, LoadBalancer
from tests.support.graphs.balancer_kit import Vpc, balancers, graph_of
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove


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
