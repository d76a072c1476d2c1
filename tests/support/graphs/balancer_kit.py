"""A load balancer with its target group and its listener, as a graph makes them."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.elbv2.listener import Listener
from cfn_mlflow.aws.elbv2.load_balancer import DeletionProtection, LoadBalancer
from cfn_mlflow.aws.elbv2.target_group import TargetGroup
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.service_kit import boto, owner

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
