"""DescribeStackResource and its like, while a resource changes: as its last event has it."""

import contextvars
from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from local.emulator.cloudformation.stack_events import Json
from local.emulator.core.patching import PatchError, replace

_live: contextvars.ContextVar[bool] = contextvars.ContextVar("live_resources", default=False)


def install() -> None:
    """Make the correction of this module."""
    replace(handlers, "_resolve_stack", _with_live_resources)
    for action in (
        "DescribeStackEvents",
        "DescribeStackResource",
        "DescribeStackResources",
        "ListStackResources",
    ):
        if action not in handlers._ACTION_HANDLERS:
            raise PatchError(f"ministack's CloudFormation has no {action}")
        handlers._ACTION_HANDLERS[action] = _live_only(handlers._ACTION_HANDLERS[action])


def _live_only(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(params: Any) -> Any:
        token = _live.set(True)
        try:
            return action(params)
        finally:
            _live.reset(token)

    return run


def _with_live_resources(real: Callable[[str], Json | None]) -> Callable[[str], Json | None]:
    def resolve(name: str) -> Json | None:
        stack = real(name)
        if not _live.get():
            return stack
        if stack is None:
            # A stack of this name was made anew: by its id the old one can still be described.
            if not cloudformation._stack_events.get(name):
                return None
            stack = {"StackName": name.split("/")[1], "StackId": name, "_resources": {}}
        return {**stack, "_resources": _resources_by_events(stack)}

    return resolve


def _resources_by_events(stack: Json) -> dict[str, Json]:
    """Return each resource as its last event has it, over what ministack has recorded."""
    found: dict[str, Json] = {}
    for event in cloudformation._stack_events.get(stack["StackId"]) or []:
        if event["PhysicalResourceId"] == stack["StackId"]:
            continue
        name = event["LogicalResourceId"]
        record = stack["_resources"].get(name) or {}
        known = found.get(name) or record
        physical_id = event["PhysicalResourceId"] or known.get("PhysicalResourceId", "")
        if event["ResourceStatus"].startswith("DELETE_") and (
            record.get("PhysicalResourceId", physical_id) != physical_id
        ):
            # What was replaced is deleted; the resource has another id.
            continue
        found[name] = {**known, **event, "PhysicalResourceId": physical_id}
    return {**stack["_resources"], **found}
