"""What CloudFormation's events tell in each kind of stack operation, and the request it sends.

The forms are those of logged events: a request's event carries the properties, but for the way
back of an update and the deletions after one. A stack's own events stand between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.cloudformation.protocol_kit import (
    FUNCTION_ARN,
    IDENTITY,
    SIGNED,
    STACK_ID,
    State,
)

Properties = Mapping[str, Any]

FIRST = {"VpcId": "vpc-1", "SkipFinalSnapshot": "false", "Tags": {"team": "a"}}
SECOND = {**FIRST, "VpcId": "vpc-2"}
THIRD = {**FIRST, "VpcId": "vpc-3"}
MADE_UP = "tracking-MLflow-1A2B3C4D5E6F"
NESTED = STACK_ID.replace("/tracking/", "/parent-Tracking-1A2B3C4D5E6F/")
OF_A_STACK_SET = STACK_ID.replace("/tracking/", "/StackSet-tracking-7c3e9a52-1f0b-4f0e-8d64/")


@dataclass(frozen=True)
class History:
    """The events until a request is sent, the oldest first, and the request's properties."""

    request_type: str
    events: list[State]
    asked: Properties = field(default_factory=lambda: FIRST)
    physical_id: str = IDENTITY.physical_id
    stack_id: str = STACK_ID
    former: Properties = field(default_factory=lambda: SECOND)
    """What an Update changes; a way back changes what failed."""

    @property
    def newest_first(self) -> list[State]:
        """Return the events as DescribeStackEvents does."""
        return list(reversed(self.events))


def stack(status: str) -> State:
    """Return an event of the stack itself."""
    return State(status, SIGNED - 1, STACK_ID, of_stack=True)


def own(
    status: str, properties: Properties | None = None, physical_id: str = IDENTITY.physical_id
) -> State:
    """Return an event of the resource."""
    told = None if properties is None else json.dumps({"ServiceToken": FUNCTION_ARN, **properties})
    return State(status, SIGNED - 1, physical_id, properties=told)


CREATION = [
    stack("CREATE_IN_PROGRESS"),
    own("CREATE_IN_PROGRESS", FIRST, ""),
]
CREATED = [
    *CREATION,
    own("CREATE_IN_PROGRESS", FIRST),
    own("CREATE_COMPLETE", FIRST),
    stack("CREATE_COMPLETE"),
]
FAILED_CREATION = [*CREATION, own("CREATE_FAILED", FIRST)]
UPDATE = [*CREATED, stack("UPDATE_IN_PROGRESS"), own("UPDATE_IN_PROGRESS", SECOND)]
FAILED_UPDATE = [*UPDATE, own("UPDATE_FAILED", SECOND)]
BACK = stack("UPDATE_ROLLBACK_IN_PROGRESS")
WAY_BACK = [BACK, own("UPDATE_IN_PROGRESS")]
ROLLED_BACK = [
    *FAILED_UPDATE,
    *WAY_BACK,
    own("UPDATE_COMPLETE"),
    stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    stack("UPDATE_ROLLBACK_COMPLETE"),
]
THIRD_UPDATE = [stack("UPDATE_IN_PROGRESS"), own("UPDATE_IN_PROGRESS", THIRD)]
IMPORTED = [stack("IMPORT_IN_PROGRESS"), stack("IMPORT_COMPLETE")]
DELETION = [stack("DELETE_IN_PROGRESS"), own("DELETE_IN_PROGRESS", FIRST)]
NO_ANSWER = [*CREATION, own("CREATE_FAILED", FIRST, "")]

OPERATIONS = {
    "create": History("Create", CREATION),
    "create in an update": History(
        "Create",
        [stack("CREATE_COMPLETE"), stack("UPDATE_IN_PROGRESS"), *CREATION[1:]],
    ),
    "create after an import into the stack": History(
        "Create", [*IMPORTED, stack("UPDATE_IN_PROGRESS"), *CREATION[1:]]
    ),
    "create in a nested stack": History("Create", CREATION, stack_id=NESTED),
    "create by a stack set": History("Create", CREATION, stack_id=OF_A_STACK_SET),
    "create in express mode": History(
        "Create", [*CREATION, own("CREATE_IN_PROGRESS", FIRST), own("CREATE_IN_PROGRESS")]
    ),
    "update": History("Update", UPDATE, SECOND, former=FIRST),
    "update after an import into the stack": History(
        "Update", [*CREATED, *IMPORTED, *UPDATE[len(CREATED) :]], SECOND, former=FIRST
    ),
    "update after an update": History(
        "Update", [*UPDATE, own("UPDATE_COMPLETE", SECOND), *THIRD_UPDATE], THIRD
    ),
    "update after an update that was taken back": History(
        "Update", [*ROLLED_BACK, *THIRD_UPDATE], THIRD, former=FIRST
    ),
    "update after one that was taken back, told with its properties": History(
        "Update",
        [*FAILED_UPDATE, BACK, own("UPDATE_IN_PROGRESS", FIRST), *THIRD_UPDATE],
        THIRD,
        former=FIRST,
    ),
    "update upon one that was kept half way": History(
        "Update", [*FAILED_UPDATE, stack("UPDATE_FAILED"), *THIRD_UPDATE], THIRD, former=FIRST
    ),
    "update after the delete of a former physical id": History(
        "Update",
        [
            *UPDATE,
            own("UPDATE_COMPLETE", SECOND),
            own("DELETE_IN_PROGRESS", FIRST, "former"),
            own("DELETE_COMPLETE", FIRST, "former"),
            *THIRD_UPDATE,
        ],
        THIRD,
    ),
    "update of a nested stack": History("Update", UPDATE, SECOND, stack_id=NESTED, former=FIRST),
    "rollback of the update that failed": History("Update", [*FAILED_UPDATE, *WAY_BACK]),
    "rollback of an update, told with its properties": History(
        "Update", [*FAILED_UPDATE, BACK, own("UPDATE_IN_PROGRESS", FIRST)]
    ),
    "rollback of an update that another resource failed": History(
        "Update", [*UPDATE, own("UPDATE_COMPLETE", SECOND), *WAY_BACK]
    ),
    "rollback of an update after one that was taken back": History(
        "Update", [*ROLLED_BACK, *THIRD_UPDATE, *WAY_BACK], former=THIRD
    ),
    "rollback of an update upon one that was kept half way": History(
        "Update", [*FAILED_UPDATE, stack("UPDATE_FAILED"), *THIRD_UPDATE, *WAY_BACK], former=THIRD
    ),
    "continued rollback": History(
        "Update",
        [
            *FAILED_UPDATE,
            *WAY_BACK,
            own("UPDATE_FAILED"),
            stack("UPDATE_ROLLBACK_FAILED"),
            *WAY_BACK,
        ],
    ),
    "rollback of the update of a nested stack": History(
        "Update", [*UPDATE, own("UPDATE_COMPLETE", SECOND), *WAY_BACK], stack_id=NESTED
    ),
    "delete": History("Delete", [*CREATED, *DELETION]),
    "delete after an update": History(
        "Delete",
        [*UPDATE, stack("DELETE_IN_PROGRESS"), own("DELETE_IN_PROGRESS", SECOND)],
        SECOND,
    ),
    "delete in the rollback of a create": History(
        "Delete",
        [*FAILED_CREATION, stack("ROLLBACK_IN_PROGRESS"), own("DELETE_IN_PROGRESS", FIRST)],
    ),
    "delete after a failed create": History("Delete", [*FAILED_CREATION, *DELETION]),
    "delete of a cancelled create": History(
        "Delete",
        [*NO_ANSWER, stack("DELETE_IN_PROGRESS"), own("DELETE_IN_PROGRESS", FIRST, MADE_UP)],
        physical_id=MADE_UP,
    ),
    "delete of a create without an answer": History(
        "Delete",
        [*NO_ANSWER, stack("ROLLBACK_IN_PROGRESS"), own("DELETE_IN_PROGRESS", FIRST, MADE_UP)],
        physical_id=MADE_UP,
    ),
    "delete again after a failed delete": History(
        "Delete",
        [
            *CREATED,
            *DELETION,
            own("DELETE_FAILED", FIRST),
            stack("DELETE_FAILED"),
            *DELETION,
        ],
    ),
    "delete of what an update does not have any more": History(
        "Delete",
        [
            *CREATED,
            stack("UPDATE_IN_PROGRESS"),
            stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            own("DELETE_IN_PROGRESS"),
        ],
    ),
    "delete of what an update does not have any more, after one that was taken back": History(
        "Delete",
        [
            *ROLLED_BACK,
            stack("UPDATE_IN_PROGRESS"),
            stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            own("DELETE_IN_PROGRESS"),
        ],
    ),
    "delete of what an update added that was taken back": History(
        "Delete",
        [
            stack("CREATE_COMPLETE"),
            stack("UPDATE_IN_PROGRESS"),
            *FAILED_CREATION[1:],
            BACK,
            stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
            own("DELETE_IN_PROGRESS"),
        ],
    ),
    "delete in a nested stack": History("Delete", [*CREATED, *DELETION], stack_id=NESTED),
}
"""Each kind of operation that sends a request."""
