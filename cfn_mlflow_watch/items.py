"""What a watch tells, one item after the other: every view shows these, in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

NESTED = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Stack:
    """A stack as DescribeStacks has it."""

    id: str
    name: str
    status: str
    outputs: Mapping[str, str]

    @property
    def region(self) -> str:
        """Return the stack's Region."""
        return self.id.split(":")[3]

    @property
    def account(self) -> str:
        """Return the number of the stack's account."""
        return self.id.split(":")[4]


@dataclass(frozen=True)
class Event:
    """One event of a resource, or of the watched stack itself.

    `path` is the logical id, behind those of the nested stacks that lead to it.
    """

    id: str
    time: datetime
    stack_id: str
    path: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    service_token: str = ""

    @property
    def is_of_stack(self) -> bool:
        """Tell whether it is of the stack itself, not of a resource in it."""
        return self.physical_id == self.stack_id

    @property
    def is_nested_stack(self) -> bool:
        """Tell whether it is of a nested stack, as a resource of the stack around it."""
        return self.type == NESTED and not self.is_of_stack


@dataclass(frozen=True)
class Wait:
    """What a resource waits for, in which state, since when."""

    what: str
    state: str
    since: datetime

    @property
    def is_over(self) -> bool:
        """Tell whether it is not waited for any more."""
        return self.state == "done"


@dataclass(frozen=True)
class Line:
    """One line of a function's log about one resource."""

    id: str
    time: datetime
    stack_id: str
    path: str
    logical_id: str
    level: str
    message: str
    wait: Wait | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """What the watch says about itself."""

    words: str


@dataclass(frozen=True)
class Began:
    """The operation that is watched."""

    stack: Stack
    operation: str
    time: datetime


@dataclass(frozen=True)
class Cause:
    """Why a resource failed, and where its function's log is, if it has one of ours.

    `faults` are all that the log names; a reason has no room for many.
    """

    path: str
    type: str
    reason: str
    log_group: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """How the operation ended: the outputs if it succeeded, else the causes and the next step.

    `at_rest` says that it had ended before the watch began: nothing else is told.
    """

    stack: Stack
    operation: str
    succeeded: bool
    time: datetime
    seconds: float
    causes: tuple[Cause, ...] = ()
    next_step: str = ""
    at_rest: bool = False


Item = Began | Event | Line | Notice | Ended
