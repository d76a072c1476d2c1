"""A service as its graph makes it, and its task definitions."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.service_kit import boto, owner

Properties = dict[str, Any]


def graph_of(properties: Properties, whose: Owner | None = None) -> Graph:
    return service._graph(whose or owner(), parse(ServiceProperties, properties))


def definition(part: str = "") -> dict[str, Any]:
    family = owner().name(*filter(None, [part]))
    found: dict[str, Any] = boto("ecs").describe_task_definition(taskDefinition=family)
    return dict(found["taskDefinition"])


def server() -> dict[str, Any]:
    return dict(definition()["containerDefinitions"][0])


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["environment"]}


def owned(fargate: Fargate) -> dict[str, list[str]]:
    """Return the names of all that is there and carries a name of ours."""
    ecs, elbv2 = boto("ecs"), boto("elbv2")
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    active = (ecs.list_task_definitions(status=status) for status in ("ACTIVE", "INACTIVE"))
    found = {
        "services": [n for n, one in fargate.services.items() if one["status"] != "INACTIVE"],
        "clusters": [one["clusterName"] for one in clusters if one["status"] == "ACTIVE"],
        "definitions": [arn for one in active for arn in one["taskDefinitionArns"]],
        "balancers": [
            one["LoadBalancerName"] for one in elbv2.describe_load_balancers()["LoadBalancers"]
        ],
        "targets": [
            one["TargetGroupName"] for one in elbv2.describe_target_groups()["TargetGroups"]
        ],
        "groups": [
            one["GroupName"]
            for one in boto("ec2").describe_security_groups()["SecurityGroups"]
            if one["GroupName"].startswith("mlflow")
        ],
        "roles": [one["RoleName"] for one in boto("iam").list_roles()["Roles"]],
        "logs": [one["logGroupName"] for one in boto("logs").describe_log_groups()["logGroups"]],
        "scaling": [
            one["ResourceId"]
            for one in boto("application-autoscaling").describe_scalable_targets(
                ServiceNamespace="ecs"
            )["ScalableTargets"]
        ],
    }
    return {kind: names for kind, names in found.items() if names}
