"""Scheduled actions, which act when a test says so."""

import time
import uuid
from collections.abc import Mapping
from typing import Any

from local.emulator.autoscaling.records import (
    Record,
    RefusedError,
    Regions,
    TargetKey,
    arn_of,
    key_of,
    not_found,
    selected,
    service_of,
)
from local.emulator.autoscaling.targets import NOT_SUSPENDED, Targets
from local.emulator.core.controls import ControlError


class ScheduledActions:
    """The operations on scheduled actions."""

    def __init__(self, regions: Regions, targets: Targets) -> None:
        self._regions = regions
        self._targets = targets

    def remove_of(self, target: TargetKey) -> None:
        """Remove all actions of a target."""
        for key in [key for key in self._regions.here.actions if key[0] == target]:
            del self._regions.here.actions[key]

    def put(self, data: Record) -> Record:
        """Make a scheduled action or change it."""
        key, name = self._targets.registered(data), data["ScheduledActionName"]
        known = self._regions.here.actions.get((key, name))
        if known is None and "Schedule" not in data:
            raise RefusedError("ValidationException", "Schedule is required.")
        schedule = data.get("Schedule") or (known or {})["Schedule"]
        if not schedule.startswith(("cron(", "rate(", "at(")):
            raise RefusedError("ValidationException", f"Invalid schedule expression: {schedule}")
        path = f"{uuid.uuid4()}:resource/{key[0]}/{key[1]}:scheduledActionName/{name}"
        action = known or {
            "ScheduledActionARN": arn_of("scheduledAction", path, "autoscaling", ":"),
            "CreationTime": time.time(),
        }
        action.update(data)
        self._regions.here.actions[key, name] = action
        return {}

    def describe(self, data: Record) -> Record:
        """Return the actions asked for."""
        actions = self._regions.here.actions.values()
        found = selected(actions, data, "ScheduledActionNames", "ScheduledActionName")
        return {"ScheduledActions": found}

    def delete(self, data: Record) -> Record:
        """Remove one action."""
        key = (key_of(data), data["ScheduledActionName"])
        if key not in self._regions.here.actions:
            raise not_found("scheduled action", data)
        del self._regions.here.actions[key]
        return {}

    def run(self, asked: Mapping[str, Any]) -> Record:
        """Do what a scheduled action does at its time: set the bounds, and keep within them."""
        for (key, name), action in self._regions.here.actions.items():
            if (key[1], name) == (asked["resource"], asked["name"]):
                return self._run(key, action)
        raise ControlError(f"{asked['resource']} has no scheduled action {asked['name']}.")

    def _run(self, key: TargetKey, action: Record) -> Record:
        target = self._regions.here.targets[key]
        if target["SuspendedState"]["ScheduledScalingSuspended"]:
            return {"fired": False}
        target.update(action.get("ScalableTargetAction") or {})
        self._targets.keep_within(service_of(key[1]), {**target, "SuspendedState": NOT_SUSPENDED})
        return {"fired": True}
