"""A resource that an update does not change: no event and no call, as on AWS.

CloudFormation "updates only the resources that have changed" (user guide, updating stacks);
ministack sends every resource of the template through its update handler, with two events each.
A nested stack is always updated: only its own update tells whether anything in it has changed.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from local.emulator.cloudformation.stack_events import (
    STACK_TYPE,
    Json,
    StackEvent,
    Tell,
    on_stack_event,
    stack_named,
    stack_with_id,
)
from local.emulator.core.patching import replace

Key = tuple[str, str]

# By stack and logical id: the begin of an update that is not told yet, and updates that were none.
_held: dict[Key, Callable[[], None]] = {}
_unchanged: set[Key] = set()


def install() -> None:
    """Make the correction of this module."""
    on_stack_event(_told_when_it_changes)
    replace(stacks, "_update_resource", _only_what_changes)
    # Of the resources in nested stacks.
    replace(provisioners, "_update_resource", _only_what_changes)


def _told_when_it_changes(tell: Tell, event: StackEvent) -> None:
    key = (event.stack_id, event.logical_id)
    # Only the begin of an update has neither reason nor physical id.
    begins = event.status == "UPDATE_IN_PROGRESS" and not (event.reason or event.physical_id)
    if begins and _record(*key):
        _held[key] = partial(tell, event)
    elif event.status == "UPDATE_COMPLETE" and key in _unchanged:
        _unchanged.discard(key)
    else:
        _tell_held(key)
        tell(event)


def _only_what_changes(real: Callable[..., Any]) -> Callable[..., Any]:
    def update(  # noqa: PLR0913, PLR0917 - ministack's signature
        rtype: str,
        pid: str,
        old: Json,
        new: Json,
        stack: str,
        logical_id: str = "",
        attrs: Json | None = None,
    ) -> Any:
        key = (str(stack_named(stack).get("StackId")), logical_id)
        record = _record(*key)
        same = old == new and rtype == record.get("ResourceType") and rtype != STACK_TYPE
        if same and key in _held:
            del _held[key]
            _unchanged.add(key)
            return pid, record.get("Attributes") if attrs is None else attrs
        _tell_held(key)
        return real(rtype, pid, old, new, stack, logical_id, attrs)

    return update


def _tell_held(key: Key) -> None:
    tell = _held.pop(key, None)
    if tell is not None:
        tell()


def _record(stack_id: str, logical_id: str) -> Json:
    """Return ministack's record of a resource that the stack has; empty for a new one."""
    return dict(stack_with_id(stack_id).get("_resources", {}).get(logical_id) or {})
