"""A nested stack's id in the events of the stack around it, from its begin on, as on AWS.

There a resource's second event has its physical id, which is a nested stack's own id. ministack
tells it at the end, and not at all if the nested stack fails: nobody could look into it.
"""

from dataclasses import replace
from typing import Any

from ministack.services import cloudformation

from local.emulator.cloudformation.stack_events import StackEvent, Tell, on_stack_event

_TYPE = "AWS::CloudFormation::Stack"
_SUFFIX = len("-123456789012")
"""What ministack puts behind the names of the stack around it and of the resource."""

# The id of each nested stack, by the stack around it and its logical id there.
_ids: dict[tuple[str, str], str] = {}


def install() -> None:
    """Make the correction of this module."""
    on_stack_event(_with_its_id)


def _with_its_id(tell: Tell, event: StackEvent) -> None:
    ended = event.resource_type == _TYPE and not event.status.endswith("_IN_PROGRESS")
    if ended and not event.physical_id:
        known = _ids.get((event.stack_name, event.logical_id), "")
        event = replace(event, physical_id=known)
    around = _around(event.stack_name)
    begins = event.physical_id == event.stack_id and event.status == "CREATE_IN_PROGRESS"
    if around and begins:
        of_resource = event.stack_name[len(around["StackName"]) + 1 : -_SUFFIX]
        _ids[around["StackName"], of_resource] = event.stack_id
        tell(
            StackEvent(
                around["StackId"],
                around["StackName"],
                of_resource,
                _TYPE,
                event.status,
                "Resource creation Initiated",
                event.stack_id,
            )
        )
    tell(event)


def _around(stack_name: str) -> dict[str, Any] | None:
    nested = cloudformation._stacks.get(stack_name) or {}
    around: dict[str, Any] | None = cloudformation._stacks.get(nested.get("_parent_stack_name", ""))
    return around
