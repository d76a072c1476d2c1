"""What the protocol asks of CloudFormation about the stack of a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

ANY_TYPE = "AWS::CloudFormation::CustomResource"
"""The name under which a template, or CloudFormation, may speak of any custom resource."""


class ResourceState(Protocol):
    """A resource as it is in its stack."""

    @property
    def status(self) -> str:
        """Return its status, such as `CREATE_IN_PROGRESS`."""

    @property
    def since(self) -> float | None:
        """Return when it got that status, in seconds since the epoch."""

    @property
    def physical_id(self) -> str:
        """Return its physical id; empty while it has none."""

    @property
    def type(self) -> str:
        """Return its type, such as `Custom::MLflow`; `ANY_TYPE` stands for every custom one."""


class StackEvent(ResourceState, Protocol):
    """A status that the resource, or its stack, got."""

    @property
    def of_stack(self) -> bool:
        """Tell whether it is the stack's own status."""

    @property
    def properties(self) -> str | None:
        """Return the resource's properties as JSON; None if the event has none."""


class StackPort(Protocol):
    """What the protocol asks; both raise TemporaryError if CloudFormation cannot say now.

    They raise PermanentError if it never will.
    """

    def resource_state(self, stack_id: str, logical_id: str) -> ResourceState | None:
        """Return the state of a resource, None if it or its stack is gone."""

    def events(self, stack_id: str, logical_id: str) -> Iterator[StackEvent]:
        """Yield the events of a resource and of its stack, the newest first."""
