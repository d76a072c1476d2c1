"""The events of stacks as ministack adds them: changed, held back, noted, and added to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from local.emulator.core.patching import replace


@dataclass(frozen=True)
class StackEvent:
    """One event: the parameters of ministack's `_add_event`, by its names."""

    stack_id: str
    stack_name: str
    logical_id: str
    resource_type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    detailed_status: str = ""


Json = dict[str, Any]
Tell = Callable[[StackEvent], None]
STACK_TYPE = "AWS::CloudFormation::Stack"


def on_stack_event(handle: Callable[[Tell, StackEvent], None]) -> None:
    """Let `handle` have each event; it tells those that are to be, as they are to be."""

    def make(real: Callable[..., None]) -> Callable[..., None]:
        def tell(event: StackEvent) -> None:
            real(**asdict(event))

        def add(*values: Any, **named: Any) -> None:
            handle(tell, StackEvent(*values, **named))

        return add

    replace(stacks, "_add_event", make)


def add(event: StackEvent) -> None:
    """Add an event of our own."""
    stacks._add_event(**asdict(event))


def tell_of_resource(
    stack: Json, logical_id: str, record: Json, status: str, reason: str = ""
) -> None:
    """Add an event of a resource with ministack's `record`."""
    add(
        StackEvent(
            stack["StackId"],
            stack["StackName"],
            logical_id,
            record["ResourceType"],
            status,
            reason,
            record["PhysicalResourceId"],
        )
    )


def tell_of_stack(stack: Json, status: str, reason: str = "") -> None:
    """Give the stack a status, and add the event of it."""
    stack["StackStatus"] = status
    record = {"ResourceType": STACK_TYPE, "PhysicalResourceId": stack["StackId"]}
    tell_of_resource(stack, stack["StackName"], record, status, reason)


def stack_named(stack_name: str) -> Json:
    """Return ministack's record of the stack that has this name now; empty if none has."""
    stack: Json = cloudformation._stacks.get(stack_name) or {}
    return stack


def stack_with_id(stack_id: str) -> Json:
    """Return ministack's record of a stack by its id; empty if there is none."""
    for stack in cloudformation._stacks.values():
        if stack.get("StackId") == stack_id:
            found: Json = stack
            return found
    return {}
