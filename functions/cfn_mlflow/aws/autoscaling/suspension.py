"""Application Auto Scaling: suspend all scaling of a service for a while, and resume it.

Even at a count of 0, a schedule or a change of the bounds would start tasks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.autoscaling.client import DIMENSION, NAMESPACE, autoscaling

SUSPENDED_TAG = "cfn-mlflow:suspended"
"""Lists the kinds of scaling that were suspended before a migration suspended all of them."""
SUSPENSIONS = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


@dataclass(frozen=True)
class Suspension:
    """A scalable target's bounds, what of its scaling is suspended, and what was before us."""

    arn: str
    resource_id: str
    least: int
    most: int
    now: frozenset[str]
    before: frozenset[str] | None
    """None if it was not suspended by us."""

    @property
    def whole(self) -> bool:
        """Return whether all scaling is suspended, and the former state is noted."""
        return self.now.issuperset(SUSPENSIONS) and self.before is not None


def suspension_of(resource_id: str) -> Suspension | None:
    """Return how a service's scaling stands; None if it has none.

    Rests on application-autoscaling:DescribeScalableTargets and ListTagsForResource.
    """
    found = autoscaling().describe_scalable_targets(
        ServiceNamespace=NAMESPACE, ResourceIds=[resource_id], ScalableDimension=DIMENSION
    )["ScalableTargets"]
    if not found:
        return None
    target = found[0]
    tags = autoscaling().list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
    noted = tags.get(SUSPENDED_TAG)
    state = target.get("SuspendedState", {})
    return Suspension(
        arn=target["ScalableTargetARN"],
        resource_id=resource_id,
        least=target["MinCapacity"],
        most=target["MaxCapacity"],
        now=frozenset(name for name in SUSPENSIONS if state.get(name)),
        before=None if noted is None else frozenset(noted.split()),
    )


def suspend(suspension: Suspension) -> None:
    """Suspend all scaling, what was suspended before noted first.

    Rests on application-autoscaling:TagResource, RegisterScalableTarget.
    """
    if suspension.before is None:
        note = " ".join(sorted(suspension.now))
        autoscaling().tag_resource(ResourceARN=suspension.arn, Tags={SUSPENDED_TAG: note})
    _suspend(suspension.resource_id, SUSPENSIONS)


def resume(suspension: Suspension) -> None:
    """Resume the scaling that `suspend` has suspended, and remove the note.

    Rests on application-autoscaling:RegisterScalableTarget, UntagResource.
    """
    if suspension.before is not None:
        if suspension.now != suspension.before:
            _suspend(suspension.resource_id, suspension.before)
        autoscaling().untag_resource(ResourceARN=suspension.arn, TagKeys=[SUSPENDED_TAG])


def _suspend(resource_id: str, names: Iterable[str]) -> None:
    wanted: Any = {name: name in names for name in SUSPENSIONS}
    autoscaling().register_scalable_target(
        ServiceNamespace=NAMESPACE,
        ResourceId=resource_id,
        ScalableDimension=DIMENSION,
        SuspendedState=wanted,
    )
