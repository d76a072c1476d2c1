"""Application Auto Scaling: how many tasks an ECS service may have, and when it has more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cfn_mlflow.aws.compare import covers
from cfn_mlflow.aws.errors import is_missing
from cfn_mlflow.aws.not_yet import NotYet
from cfn_mlflow.aws.object import OwnedObject
from cfn_mlflow.aws.owner import Owner, Tags
from cfn_mlflow.aws.session import client
from cfn_mlflow.engine.managed import ManagedObject

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

NAMESPACE: Final = "ecs"
DIMENSION: Final = "ecs:service:DesiredCount"
SECONDS_BEFORE_LESS = 300
SECONDS_BEFORE_MORE = 60


def _autoscaling() -> ApplicationAutoScalingClient:
    autoscaling: ApplicationAutoScalingClient = client("application-autoscaling")
    return autoscaling


@dataclass(frozen=True)
class ScalableTargetView:
    """A scalable target as it stands."""

    arn: str
    resource_id: str
    min_capacity: int
    max_capacity: int
    tags: Tags

    namespace: str = NAMESPACE
    dimension: str = DIMENSION


@dataclass(frozen=True, eq=False)
class ScalableTarget(OwnedObject[ScalableTargetView]):
    """The bounds of a service's desired count. Whether scaling is suspended is not touched."""

    words: ClassVar[str] = "scalable target"

    resource_id: str
    min_capacity: int
    max_capacity: int
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    def read(self) -> ScalableTargetView | None:
        """Find it by the service.

        Rests on application-autoscaling:DescribeScalableTargets and ListTagsForResource.
        """
        found = _autoscaling().describe_scalable_targets(
            ServiceNamespace=NAMESPACE,
            ResourceIds=[self.resource_id],
            ScalableDimension=DIMENSION,
        )["ScalableTargets"]
        if not found:
            return None
        arn = found[0]["ScalableTargetARN"]
        try:
            tags = _autoscaling().list_tags_for_resource(ResourceARN=arn)["Tags"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return ScalableTargetView(
            arn=arn,
            resource_id=found[0]["ResourceId"],
            min_capacity=found[0]["MinCapacity"],
            max_capacity=found[0]["MaxCapacity"],
            tags=tags,
        )

    def create(self) -> None:
        """Register it with its tags (application-autoscaling:RegisterScalableTarget)."""
        with self._not_yet.patience():
            self._register(Tags=self.owner.tags)

    def changes(self, view: ScalableTargetView) -> tuple[str, ...]:
        """Name the bounds and the tags where they differ."""
        differs = {
            "capacity": (view.min_capacity, view.max_capacity)
            != (self.min_capacity, self.max_capacity),
            "tags": self.owner.lacks(view.tags),
        }
        return tuple(name for name, does in differs.items() if does)

    def update(self, view: ScalableTargetView) -> None:
        """Set what differs (application-autoscaling:RegisterScalableTarget, TagResource)."""
        different = self.changes(view)
        if "capacity" in different:
            self._register()
        if "tags" in different:
            _autoscaling().tag_resource(ResourceARN=view.arn, Tags=self.owner.tags)

    def delete(self, view: ScalableTargetView) -> None:
        """Take it away (application-autoscaling:DeregisterScalableTarget)."""
        del view
        try:
            _autoscaling().deregister_scalable_target(
                ServiceNamespace=NAMESPACE,
                ResourceId=self.resource_id,
                ScalableDimension=DIMENSION,
            )
        except Exception as error:
            if not is_missing(error):
                raise

    def _register(self, **more: Any) -> None:
        _autoscaling().register_scalable_target(
            ServiceNamespace=NAMESPACE,
            ResourceId=self.resource_id,
            ScalableDimension=DIMENSION,
            MinCapacity=self.min_capacity,
            MaxCapacity=self.max_capacity,
            **more,
        )


@dataclass(frozen=True)
class CpuPolicyView:
    """A scaling policy as it stands."""

    arn: str
    configuration: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class CpuPolicy(ManagedObject[CpuPolicyView]):
    """Target tracking: as many tasks as keep their average CPU at the target.

    A policy takes no tags: it is part of the service's scalable target.
    """

    words: ClassVar[str] = "scaling policy"

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

    def read(self) -> CpuPolicyView | None:
        """Find it by its name (application-autoscaling:DescribeScalingPolicies)."""
        found = _autoscaling().describe_scaling_policies(
            ServiceNamespace=NAMESPACE,
            ResourceId=self.resource_id,
            ScalableDimension=DIMENSION,
            PolicyNames=[self.name],
        )["ScalingPolicies"]
        if not found:
            return None
        configuration = found[0].get("TargetTrackingScalingPolicyConfiguration", {})
        return CpuPolicyView(found[0]["PolicyARN"], configuration)

    def create(self) -> None:
        """Put it (application-autoscaling:PutScalingPolicy)."""
        _autoscaling().put_scaling_policy(
            PolicyName=self.name,
            ServiceNamespace=NAMESPACE,
            ResourceId=self.resource_id,
            ScalableDimension=DIMENSION,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=self.configuration,  # type: ignore[arg-type]
        )

    def changes(self, view: CpuPolicyView) -> tuple[str, ...]:
        """Name the target tracking if it differs."""
        return () if covers(view.configuration, self.configuration) else ("target tracking",)

    def update(self, view: CpuPolicyView) -> None:
        """Put it again as asked (application-autoscaling:PutScalingPolicy)."""
        del view
        self.create()

    def delete(self, view: CpuPolicyView) -> None:
        """Delete it with its alarms (application-autoscaling:DeleteScalingPolicy)."""
        del view
        try:
            _autoscaling().delete_scaling_policy(
                PolicyName=self.name,
                ServiceNamespace=NAMESPACE,
                ResourceId=self.resource_id,
                ScalableDimension=DIMENSION,
            )
        except Exception as error:
            if not is_missing(error):
                raise
