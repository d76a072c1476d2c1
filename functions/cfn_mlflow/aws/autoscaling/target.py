"""Application Auto Scaling: how many tasks an ECS service may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.autoscaling.client import DIMENSION, NAMESPACE, autoscaling
from cfn_mlflow.aws.autoscaling.suspension import SUSPENDED_TAG, resume, suspension_of
from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, take_off
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.engine.resource import Observation


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
    """The bounds of a service's desired count, which scales again after a migration.

    What the user has suspended by hand is not touched.
    """

    display_name: ClassVar[str] = "scalable target"

    resource_id: str
    min_capacity: int
    max_capacity: int

    def observe(self) -> Observation[ScalableTargetView] | None:
        """Find it by the service.

        Rests on application-autoscaling:DescribeScalableTargets and ListTagsForResource.
        """
        found = autoscaling().describe_scalable_targets(
            ServiceNamespace=NAMESPACE,
            ResourceIds=[self.resource_id],
            ScalableDimension=DIMENSION,
        )["ScalableTargets"]
        if not found:
            return None
        arn = found[0]["ScalableTargetARN"]
        try:
            tags = autoscaling().list_tags_for_resource(ResourceARN=arn)["Tags"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return self.found(
            ScalableTargetView(
                arn=arn,
                resource_id=found[0]["ResourceId"],
                min_capacity=found[0]["MinCapacity"],
                max_capacity=found[0]["MaxCapacity"],
                tags=tags,
            )
        )

    def create(self) -> None:
        """Register it with its tags (application-autoscaling:RegisterScalableTarget)."""
        self._register(Tags=self.owner.tags)

    def compare(self, found: Observation[ScalableTargetView]) -> Observation[ScalableTargetView]:
        """Name the bounds and the tags where they differ."""
        view = found.view
        return found.differing(
            {
                "capacity": (view.min_capacity, view.max_capacity)
                != (self.min_capacity, self.max_capacity),
                "suspension": SUSPENDED_TAG in view.tags,
                "tags": self.owner.lacks(view.tags),
            }
        )

    def update(self, found: Observation[ScalableTargetView]) -> None:
        """Set what differs.

        Rests on application-autoscaling:RegisterScalableTarget, TagResource, UntagResource.
        """
        view = found.view
        if "capacity" in found.differs:
            self._register()
        if "suspension" in found.differs:
            suspension = suspension_of(self.resource_id)
            if suspension:
                resume(suspension)
        if "tags" in found.differs:
            take_off(
                self.owner,
                view.tags,
                lambda keys: autoscaling().untag_resource(ResourceARN=view.arn, TagKeys=keys),
            )
            autoscaling().tag_resource(ResourceARN=view.arn, Tags=self.owner.tags)

    def delete(self, view: ScalableTargetView) -> None:
        """Take it away (application-autoscaling:DeregisterScalableTarget)."""
        del view
        try:
            autoscaling().deregister_scalable_target(
                ServiceNamespace=NAMESPACE,
                ResourceId=self.resource_id,
                ScalableDimension=DIMENSION,
            )
        except Exception as error:
            if not is_missing(error):
                raise

    def _register(self, **more: Any) -> None:
        autoscaling().register_scalable_target(
            ServiceNamespace=NAMESPACE,
            ResourceId=self.resource_id,
            ScalableDimension=DIMENSION,
            MinCapacity=self.min_capacity,
            MaxCapacity=self.max_capacity,
            **more,
        )
