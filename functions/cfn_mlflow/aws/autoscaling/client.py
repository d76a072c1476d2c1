"""Application Auto Scaling: what its objects share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cfn_mlflow.aws.core.session import client

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

NAMESPACE: Final = "ecs"
DIMENSION: Final = "ecs:service:DesiredCount"


def autoscaling() -> ApplicationAutoScalingClient:
    """Return the client."""
    made: ApplicationAutoScalingClient = client("application-autoscaling")
    return made
