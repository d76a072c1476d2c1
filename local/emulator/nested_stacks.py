"""A nested stack's id in the events of the stack around it, from its begin on, as on AWS.

There a resource's second event has its physical id, which is a nested stack's own id. ministack
tells it at the end, and not at all if the nested stack fails: nobody could look into it.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from local.emulator.patching import replace

_TYPE = "AWS::CloudFormation::Stack"
_SUFFIX = len("-123456789012")
"""What ministack puts behind the names of the stack around it and of the resource."""

# The id of each nested stack, by the stack around it and its logical id there.
_ids: dict[tuple[str, str], str] = {}


def install() -> None:
    """Make the correction of this module."""
    replace(stacks, "_add_event", _with_its_id)


def _with_its_id(real: Callable[..., None]) -> Callable[..., None]:
    def add(  # noqa: PLR0913, PLR0917 - ministack's signature
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        **named: Any,
    ) -> None:
        if resource_type == _TYPE and not physical_id and not status.endswith("_IN_PROGRESS"):
            physical_id = _ids.get((stack_name, logical_id), "")
        around = _around(stack_name)
        if around and physical_id == stack_id and status == "CREATE_IN_PROGRESS":
            of_resource = stack_name[len(around["StackName"]) + 1 : -_SUFFIX]
            _ids[around["StackName"], of_resource] = stack_id
            initiated = (_TYPE, status, "Resource creation Initiated", stack_id)
            real(around["StackId"], around["StackName"], of_resource, *initiated)
        real(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, **named)

    return add


def _around(stack_name: str) -> dict[str, Any] | None:
    nested = cloudformation._stacks.get(stack_name) or {}
    around: dict[str, Any] | None = cloudformation._stacks.get(nested.get("_parent_stack_name", ""))
    return around
