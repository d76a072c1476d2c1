"""Why an operation failed, told by the resource that failed first, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from cfn_mlflow_watch.items import Cause, Event
from cfn_mlflow_watch.resource_types import PROVIDER_NAME, log_group

_CANCELLED = re.compile(r"Resource \w+ cancelled", re.IGNORECASE)
_OF_A_FUNCTION = re.compile(
    r"Received response status \[FAILED\] from custom resource\. Message returned: (.*?)"
    r"( \(RequestId: [^)]*\))?",
    re.DOTALL,
)

_CODE = re.compile(r"\[([A-Za-z]+)\] ")

_NEXT = {
    "ROLLBACK_COMPLETE": (
        "What was made is deleted. Mend the cause, delete the stack "
        "(`aws cloudformation delete-stack --stack-name {name}`), then create it again."
    ),
    "ROLLBACK_FAILED": (
        "Not all that was made could be deleted. Mend what is named above, then delete the stack: "
        "`aws cloudformation delete-stack --stack-name {name}`."
    ),
    "CREATE_FAILED": (
        "What was made stays, to be looked into. Mend the cause and update, or delete the stack: "
        "`aws cloudformation delete-stack --stack-name {name}`."
    ),
    "UPDATE_ROLLBACK_COMPLETE": (
        "The stack is as it was before the update. Mend the cause, then update it again."
    ),
    "UPDATE_ROLLBACK_FAILED": (
        "The stack is half way back. Mend what is named above, then let it go on: "
        "`aws cloudformation continue-update-rollback --stack-name {name}`."
    ),
    "UPDATE_FAILED": (
        "What was changed stays. Mend the cause and update again, or go back: "
        "`aws cloudformation rollback-stack --stack-name {name}`."
    ),
    "DELETE_FAILED": (
        "What is named above is still there. Mend the cause, then delete the stack again: "
        "`aws cloudformation delete-stack --stack-name {name}`."
    ),
    "DELETE_COMPLETE": "The stack was deleted. Mend the cause, then create it again.",
}


def next_step(status: str, name: str) -> str:
    """Return what to do with a stack that came to this status, not to the one asked for."""
    return _NEXT.get(status, "").format(name=name)


def causes(
    events: Iterable[Event],
    provider_name: str = PROVIDER_NAME,
    faults: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> tuple[Cause, ...]:
    """Return why the operation failed, the first cause first; `events` are from old to new.

    `faults` are those that the logs name, by the resource's path. Left out is what only follows:
    cancelled resources, and a nested stack whose own resource tells.
    """
    failed = [event for event in events if event.status.endswith("_FAILED")]
    telling = [event for event in failed if not _only_follows(event, failed)]
    resources = [event for event in telling if not event.is_of_stack] or telling
    found = (
        Cause(
            event.path,
            event.type,
            plain(event.reason),
            log_group(event, provider_name),
            faults.get(event.path, ()),
        )
        for event in resources
    )
    return tuple(dict.fromkeys(found))


def plain(reason: str) -> str:
    """Return a reason without the words that CloudFormation puts around a function's answer."""
    wrapped = _OF_A_FUNCTION.fullmatch(reason.strip())
    return wrapped[1].strip() if wrapped else reason.strip()


def code_of(reason: str) -> str | None:
    """Return the code of a failure that a plain reason begins with; None if it has none."""
    found = _CODE.match(reason)
    return found[1] if found else None


def _only_follows(event: Event, failed: Sequence[Event]) -> bool:
    if _CANCELLED.fullmatch(event.reason.strip().rstrip(".")):
        return True
    inner = f"{event.path}/"
    return event.is_nested_stack and any(one.path.startswith(inner) for one in failed)
