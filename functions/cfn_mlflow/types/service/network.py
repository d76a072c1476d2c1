"""The network of the service: two security groups, the load balancer and its listener."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ec2.security_group import (
    EVERYWHERE,
    SecurityGroup,
    SecurityGroupRules,
    all_traffic,
    tcp,
)
from cfn_mlflow.aws.elbv2.listener import Listener
from cfn_mlflow.aws.elbv2.load_balancer import LoadBalancer
from cfn_mlflow.aws.elbv2.target_group import TargetGroup
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.types.service.properties import ServiceSettings
from cfn_mlflow.types.service.tasks.environment import PORT

LISTENER_PORT = 80


@dataclass(frozen=True)
class ServiceNetwork:
    """The objects of the network that other objects or attributes need."""

    service_group_id: Output[str]
    rules: tuple[Observed[Any], ...]
    load_balancer: LoadBalancer
    target_group: TargetGroup
    listener: Listener
    load_balancer_group_id: Output[str]


def network(graph: Graph, owner: Owner, asked: ServiceSettings) -> ServiceNetwork:
    """Add the network to the graph. The listener exists before any task."""
    outer = graph.add(
        SecurityGroup(owner, "load-balancer", asked.vpc_id, "The load balancer of MLflow")
    )
    inner = graph.add(SecurityGroup(owner, "service", asked.vpc_id, "The tasks of MLflow"))
    outer_id, inner_id = (group.output(lambda view: view.id) for group in (outer, inner))
    rules = (
        graph.add(
            SecurityGroupRules(
                outer.part,
                outer_id,
                ingress=tuple(
                    tcp(LISTENER_PORT, block) for block in asked.load_balancer_ingress_cidr_blocks
                ),
                egress=(tcp(PORT, inner_id),),
            )
        ),
        graph.add(
            SecurityGroupRules(
                inner.part,
                inner_id,
                ingress=(tcp(PORT, outer_id), tcp(PORT, inner_id)),  # and the deep check
                egress=tuple(all_traffic(block) for block in EVERYWHERE),
            )
        ),
    )
    load_balancer = graph.add(
        LoadBalancer(
            owner,
            internal=asked.load_balancer_is_internal,
            vpc_id=asked.vpc_id,
            subnet_ids=asked.load_balancer_subnet_ids,
            security_group_id=outer_id,
        )
    )
    target_group = graph.add(TargetGroup(owner, load_balancer.name, asked.vpc_id, PORT))
    listener = graph.add(
        Listener(
            owner,
            load_balancer_arn=load_balancer.output(lambda view: view.arn),
            target_group_arn=target_group.output(lambda view: view.arn),
            port=LISTENER_PORT,
        )
    )
    return ServiceNetwork(inner_id, rules, load_balancer, target_group, listener, outer_id)


def network_attributes(network: ServiceNetwork) -> dict[str, Any]:
    """Return the outputs of the network, by the names of the fields of ServiceAttributes."""
    return {
        "tracking_uri": network.load_balancer.output(lambda view: f"http://{view.dns_name}"),
        "load_balancer_arn": network.load_balancer.output(lambda view: view.arn),
        "load_balancer_target_group_id": network.target_group.output(lambda view: view.arn),
        "load_balancer_zone_id": network.load_balancer.output(lambda view: view.zone_id),
        "load_balancer_dns_name": network.load_balancer.output(lambda view: view.dns_name),
        "load_balancer_security_group_id": network.load_balancer_group_id,
        "service_security_group_id": network.service_group_id,
    }
