"""Scalable targets: their bounds, which act at once on the service, and their tags."""

import copy
import time
import uuid

from local.emulator.autoscaling.records import (
    Record,
    RefusedError,
    Regions,
    TargetKey,
    arn_of,
    key_of,
    selected,
    service_of,
    service_role,
)

NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
_BOUNDS = ("MinCapacity", "MaxCapacity")


class Targets:
    """The operations on targets."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions

    def register(self, data: Record) -> Record:
        """Make a target or change it; bring its service between the bounds at once."""
        key, here = key_of(data), self._regions.here
        service = service_of(data["ResourceId"])
        target = copy.deepcopy(here.targets.get(key))
        if target is None:
            for name in _BOUNDS:
                if name not in data:
                    raise RefusedError("ValidationException", f"{name} is required.")
            target = {
                **dict(
                    zip(("ServiceNamespace", "ResourceId", "ScalableDimension"), key, strict=True)
                ),
                "CreationTime": time.time(),
                "ScalableTargetARN": arn_of("scalable-target", uuid.uuid4().hex[:24]),
                "RoleARN": service_role(),
                "SuspendedState": dict(NOT_SUSPENDED),
            }
        target.update({name: int(data[name]) for name in _BOUNDS if name in data})
        if target["MinCapacity"] > target["MaxCapacity"]:
            raise RefusedError(
                "ValidationException", "Maximum capacity cannot be less than minimum capacity"
            )
        target["SuspendedState"].update(data.get("SuspendedState") or {})
        here.targets[key] = target
        if data.get("Tags"):
            here.tags.setdefault(target["ScalableTargetARN"], {}).update(data["Tags"])
        self.keep_within(service, target)
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def keep_within(self, service: Record, target: Record) -> None:
        """Bring the service's desired count between the bounds, unless that way is suspended."""
        suspended, count = target["SuspendedState"], int(service["desiredCount"])
        wanted = count
        if not suspended["DynamicScalingOutSuspended"]:
            wanted = max(wanted, int(target["MinCapacity"]))
        if not suspended["DynamicScalingInSuspended"]:
            wanted = min(wanted, int(target["MaxCapacity"]))
        if wanted != count:
            self._regions.client("ecs").update_service(
                cluster=service["clusterArn"],
                service=service["serviceArn"],
                desiredCount=wanted,
            )

    def describe(self, data: Record) -> Record:
        """Return the targets asked for."""
        return {
            "ScalableTargets": selected(
                self._regions.here.targets.values(), data, "ResourceIds", ""
            )
        }

    def registered(self, data: Record) -> TargetKey:
        """Return the key of a target that is there; refuses any other."""
        key = key_of(data)
        if key not in self._regions.here.targets:
            namespace, resource, dimension = key
            raise RefusedError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {namespace}, resource ID: "
                f"{resource}, scalable dimension: {dimension}",
            )
        return key

    def remove(self, key: TargetKey) -> None:
        """Forget a target and its tags."""
        target = self._regions.here.targets.pop(key)
        self._regions.here.tags.pop(target["ScalableTargetARN"], None)

    def tags_of(self, data: Record) -> dict[str, str]:
        """Return the tags of a target; refuses any other resource."""
        arn = data["ResourceARN"]
        if arn not in [one["ScalableTargetARN"] for one in self._regions.here.targets.values()]:
            raise RefusedError("ResourceNotFoundException", f"The resource {arn} was not found.")
        return self._regions.here.tags.setdefault(arn, {})

    def tag(self, data: Record) -> Record:
        """Add tags to a target."""
        self.tags_of(data).update(data["Tags"])
        return {}

    def untag(self, data: Record) -> Record:
        """Take tags from a target."""
        tags = self.tags_of(data)
        for name in data["TagKeys"]:
            tags.pop(name, None)
        return {}
