"""The listener: it forwards to our target group, whatever others do beside it."""

from __future__ import annotations

from typing import Any

from tests.support.graphs.balancer_kit import Vpc, graph_of
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge


def listeners(balancer: str) -> dict[int, str]:
    """Return the target group of each listener by its port."""
    found: list[dict[str, Any]] = boto("elbv2").describe_listeners(LoadBalancerArn=balancer)[
        "Listeners"
    ]
    return {one["Port"]: one["DefaultActions"][0].get("TargetGroupArn", "") for one in found}


def test_listener_that_somebody_led_elsewhere_forwards_to_our_target_group_again(
    vpc: Vpc,
) -> None:
    balancer = converge(graph_of(vpc))["Arn"]
    asked = listeners(balancer)
    elbv2 = boto("elbv2")
    theirs = elbv2.create_target_group(
        Name="theirs", Protocol="HTTP", Port=80, VpcId=vpc["VpcId"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    [ours] = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    elbv2.modify_listener(
        ListenerArn=ours["ListenerArn"],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": theirs}],
    )
    with watched() as calls:
        converge(graph_of(vpc))
    assert calls.writes == ["ModifyListener"]
    assert listeners(balancer) == asked


def test_listener_that_is_gone_is_made_again_though_another_port_has_one(vpc: Vpc) -> None:
    balancer = converge(graph_of(vpc))["Arn"]
    [ours] = boto("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    boto("elbv2").create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=8080, DefaultActions=[action]
    )
    boto("elbv2").delete_listener(ListenerArn=ours["ListenerArn"])
    with watched() as calls:
        converge(graph_of(vpc))
    assert calls.writes == ["CreateListener"]
    assert set(listeners(balancer)) == {80, 8080}
