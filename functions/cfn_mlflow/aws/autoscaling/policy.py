"""Application Auto Scaling: when an ECS service has more tasks, and when fewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.autoscaling.client import DIMENSION, NAMESPACE, autoscaling
from cfn_mlflow.aws.core.compare import covers
from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.resource import Observation, Resource

SECONDS_BEFORE_LESS = 300
SECONDS_BEFORE_MORE = 60


@dataclass(frozen=True)
class CpuPolicyView:
    """A scaling policy as it stands."""

    arn: str
    configuration: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class CpuPolicy(Resource[CpuPolicyView]):
    """Target tracking: as many tasks as keep their average CPU at the target.

    A policy takes no tags: it is part of the service's scalable target.
    """

    display_name: ClassVar[str] = "scaling policy"

    owner: Owner
    resource_id: str
    target_percent: int

    @property
    def name(self) -> str:
        """Return the policy's name."""
        return self.owner.name("cpu")

    @property
    def configuration(self) -> dict[str, Any]:
        """Return the target tracking that is asked."""
        return {
            "TargetValue": float(self.target_percent),
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
            "ScaleOutCooldown": SECONDS_BEFORE_MORE,
            "ScaleInCooldown": SECONDS_BEFORE_LESS,
        }

    def observe(self) -> Observation[CpuPolicyView] | None:
        """Find it by its name (application-autoscaling:DescribeScalingPolicies)."""
        found = autoscaling().describe_scaling_policies(
            ServiceNamespace=NAMESPACE,
            ResourceId=self.resource_id,
            ScalableDimension=DIMENSION,
            PolicyNames=[self.name],
        )["ScalingPolicies"]
        if not found:
            return None
        configuration = found[0].get("TargetTrackingScalingPolicyConfiguration", {})
        return Observation(CpuPolicyView(found[0]["PolicyARN"], configuration))

    def create(self) -> None:
        """Put it (application-autoscaling:PutScalingPolicy)."""
        asked: Any = self.configuration
        autoscaling().put_scaling_policy(
            PolicyName=self.name,
            ServiceNamespace=NAMESPACE,
            ResourceId=self.resource_id,
            ScalableDimension=DIMENSION,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=asked,
        )

    def compare(self, found: Observation[CpuPolicyView]) -> Observation[CpuPolicyView]:
        """Name the target tracking if it differs."""
        as_asked = covers(found.view.configuration, self.configuration)
        return found.differing({"target tracking": not as_asked})

    def update(self, found: Observation[CpuPolicyView]) -> None:
        """Put it again as asked (application-autoscaling:PutScalingPolicy)."""
        del found
        self.create()

    def delete(self, view: CpuPolicyView) -> None:
        """Delete it with its alarms (application-autoscaling:DeleteScalingPolicy)."""
        del view
        try:
            autoscaling().delete_scaling_policy(
                PolicyName=self.name,
                ServiceNamespace=NAMESPACE,
                ResourceId=self.resource_id,
                ScalableDimension=DIMENSION,
            )
        except Exception as error:
            if not is_missing(error):
                raise
