"""A service of an older MLflow, as it runs, and as it is to be with a newer one."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.autoscaling.suspension import SUSPENDED_TAG, SUSPENSIONS
from cfn_mlflow.aws.ecs.service import COUNT_TAG
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.beside_moto.fargate import Fargate, behind, migrated
from tests.support.objects.service_kit import HEAD, boto, converge, owner

OLDER = "b7e2c1a4d9f3"
NAME = "mlflow-abcdefghij"
Properties = dict[str, Any]


def graph_of(properties: Properties, **more: Any) -> Graph:
    return service._graph(owner(), parse(ServiceProperties, properties | more))


@pytest.fixture
def older(fargate: Fargate, properties: Properties) -> Properties:
    """The properties of a service that runs an older MLflow, three tasks of it."""
    old = properties | {"ImageTag": "v3.16.1-full", "MaxCapacity": "4"}
    fargate.inspection_ends = [migrated(OLDER, "empty"), behind(OLDER, HEAD)]
    fargate.migration_ends = [migrated(OLDER), migrated(HEAD, **{"from": OLDER})]
    converge(graph_of(old))
    boto("ecs").update_service(cluster=NAME, service=NAME, desiredCount=3)
    return old


@pytest.fixture
def newer(older: Properties) -> Properties:
    """The same service, as it is to be with a newer MLflow."""
    return older | {"ImageTag": "v3.17.2-full"}


def desired(fargate: Fargate) -> int:
    return int(fargate.services[NAME]["desiredCount"])


def service_tags(fargate: Fargate) -> set[str]:
    return {one["key"] for one in fargate.services[NAME]["tags"]}


def scaling() -> dict[str, Any]:
    """Return the scalable target and its tags."""
    client = boto("application-autoscaling")
    [target] = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    tags = client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
    return {**target, "Tags": tags}


def suspended() -> set[str]:
    state = scaling().get("SuspendedState", {})
    return {name for name in SUSPENSIONS if state.get(name)}


def is_as_before(fargate: Fargate) -> bool:
    """Tell whether count and scaling are as they were, and no mark of a standstill is left."""
    marked = COUNT_TAG in service_tags(fargate) or SUSPENDED_TAG in scaling()["Tags"]
    return desired(fargate) == 3 and not suspended() and not marked
