"""What the events of a stack tell of a custom resource: its properties, and each deletion.

On AWS the event of a request carries the resource's properties as JSON, with `****` for what a
`NoEcho` parameter gave. It has `?` for each character that is not ASCII, as all read calls have
(cloudformation-coverage-roadmap, issues 814 and 1220). Logged events show two exceptions: the way
back of an update, and the deletions after one. ministack has no properties, and no event at all
where an update or a nested stack deletes a resource. The events of a request's end and of other
types stay without properties.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from local.emulator.cloudformation.stack_events import (
    Json,
    stack_with_id,
    tell_of_resource,
    tell_of_stack,
)
from local.emulator.core.patching import PatchError, require

MASK = "****"
_WITHOUT_PROPERTIES = (
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
)
_CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
_ACTION = "DescribeStackEvents"


def install() -> None:
    """Show the properties that events have."""
    require(handlers, "_esc")
    if _ACTION not in handlers._ACTION_HANDLERS:
        raise PatchError(f"ministack's CloudFormation has no {_ACTION}")
    handlers._ACTION_HANDLERS[_ACTION] = _with_properties(handlers._ACTION_HANDLERS[_ACTION])


@contextmanager
def around(request: Json) -> Iterator[None]:
    """Tell of a request while it is open, where ministack does not."""
    stack = stack_with_id(request["StackId"])
    untold = request["RequestType"] == "Delete" and not _tells_of_deletion(request)
    if untold:
        if stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
            tell_of_stack(stack, _CLEANUP)
        _add(request, "DELETE_IN_PROGRESS")
    if stack.get("StackStatus") not in _WITHOUT_PROPERTIES:
        _tell_properties(request, stack)
    try:
        yield
    except Exception as error:
        # Else whoever deletes the resource tells of the failure.
        if untold and stack.get("_parent_stack_name"):
            _add(request, "DELETE_FAILED", str(error))
        raise
    if untold:
        _add(request, "DELETE_COMPLETE")


def _events(request: Json) -> list[Json]:
    """Return the events of the request's resource, the newest first."""
    events = cloudformation._stack_events.get(request["StackId"]) or []
    name = request["LogicalResourceId"]
    return [event for event in reversed(events) if event["LogicalResourceId"] == name]


def _tells_of_deletion(request: Json) -> bool:
    newest = next(iter(_events(request)), {})
    return newest.get("ResourceStatus") == "DELETE_IN_PROGRESS" and (
        newest["PhysicalResourceId"] == request["PhysicalResourceId"]
    )


def _add(request: Json, status: str, reason: str = "") -> None:
    stack_id = request["StackId"]
    stack = {"StackId": stack_id, "StackName": stack_id.split("/")[1]}
    tell_of_resource(stack, request["LogicalResourceId"], request, status, reason)


def _tell_properties(request: Json, stack: Json) -> None:
    secrets = [
        str(parameter["ParameterValue"])
        for parameter in stack.get("Parameters") or []
        if parameter.get("NoEcho") and parameter.get("ParameterValue")
    ]
    masked = _masked(request["ResourceProperties"], secrets)
    text = json.dumps(masked, separators=(",", ":"), ensure_ascii=False)
    told = text.encode("ascii", "replace").decode()
    for event in _events(request):
        if not event["ResourceStatus"].endswith("_IN_PROGRESS") or "ResourceProperties" in event:
            break
        event["ResourceProperties"] = told


def _masked(value: Any, secrets: list[str]) -> Any:
    """Mask each text that holds the value of a NoEcho parameter."""
    if isinstance(value, dict):
        return {key: _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secrets) for item in value]
    return MASK if any(secret in str(value) for secret in secrets) else value


def _with_properties(real: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def describe(params: Any) -> Any:
        status, headers, body = real(params)
        text = body.decode() if isinstance(body, bytes) else body
        for events in cloudformation._stack_events.values():
            for event in events:
                properties = event.get("ResourceProperties")
                if properties:
                    told = f"<ResourceProperties>{handlers._esc(properties)}</ResourceProperties>"
                    mark = f"<EventId>{event['EventId']}</EventId>"
                    text = text.replace(mark, mark + told)
        return status, headers, text.encode() if isinstance(body, bytes) else text

    return describe
