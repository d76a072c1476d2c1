"""A resource that an update adds: it is created, not updated."""

import dataclasses

from ministack.services import cloudformation

from local.emulator.cloudformation.stack_events import StackEvent, Tell, on_stack_event, stack_named


def install() -> None:
    """Call the making of a resource CREATE in an update too."""
    on_stack_event(_create_of_what_an_update_adds)


def _create_of_what_an_update_adds(tell: Tell, event: StackEvent) -> None:
    """Call the making of a resource CREATE in an update too, as its request guard reads it."""
    if event.status == "UPDATE_IN_PROGRESS":
        known = stack_named(event.stack_name).get("_resources", {})
        is_new = event.logical_id != event.stack_name and event.logical_id not in known
    else:
        is_new = event.status in {"UPDATE_COMPLETE", "UPDATE_FAILED"} and (
            _last_status(event.stack_id, event.logical_id) == "CREATE_IN_PROGRESS"
        )
    status = event.status.replace("UPDATE", "CREATE") if is_new else event.status
    tell(dataclasses.replace(event, status=status))


def _last_status(stack_id: str, logical_id: str) -> str:
    for event in reversed(cloudformation._stack_events.get(stack_id) or []):
        if event["LogicalResourceId"] == logical_id:
            return str(event["ResourceStatus"])
    return ""
