"""A service whose number of tasks is scaled, and what Application Auto Scaling knows of it."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.autoscaling.target import ScalableTarget
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.service_kit import boto, owner

SERVICE = "service/mlflow-abcdefghij/mlflow-abcdefghij"


@pytest.fixture
def service_to_scale(fargate: Fargate) -> None:
    """A service that nothing scales yet."""
    fargate.services["mlflow-abcdefghij"] = {}


@pytest.fixture
def scaled_service(service_to_scale: None) -> None:
    """A service of one to four tasks."""
    del service_to_scale
    ScalableTarget(owner(), SERVICE, 1, 4).create()


def policies() -> list[dict[str, Any]]:
    """Return the scaling policies of all services."""
    found: list[dict[str, Any]] = boto("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs"
    )["ScalingPolicies"]
    return found
