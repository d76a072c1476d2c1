"""What the request guard reads from CloudFormation about the stack of a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

ANY_TYPE = "AWS::CloudFormation::CustomResource"
"""The type that a template, or CloudFormation, may use for any custom resource."""

OVER = ("DELETE_COMPLETE", "DELETE_SKIPPED")
"""The statuses of a resource that its stack no longer has: deleted, or retained on purpose."""


class ResourceState(Protocol):
    """A resource as it is in its stack."""

    @property
    def status(self) -> str:
        """Return its status, such as `CREATE_IN_PROGRESS`."""

    @property
    def since(self) -> float | None:
        """Return when it got that status, in seconds since the epoch, or None if AWS omits it."""

    @property
    def physical_id(self) -> str:
        """Return its physical id, or an empty text while it has none."""

    @property
    def type(self) -> str:
        """Return its type, such as `Custom::MLflow`; `ANY_TYPE` may be any custom resource."""


class StackEvent(ResourceState, Protocol):
    """An event of the stack: a status that the resource, or its stack, got."""

    @property
    def of_stack(self) -> bool:
        """Return whether it is the stack's own status."""

    @property
    def properties(self) -> str | None:
        """Return the resource's properties as JSON, or None if the event has none."""


class StackPort(Protocol):
    """The two questions of the request guard to CloudFormation.

    Both raise TemporaryError if CloudFormation cannot answer now, and PermanentError if it refuses.
    """

    def resource_state(self, stack_id: str, logical_id: str) -> ResourceState | None:
        """Return the state of a resource, or None if the resource or its stack is gone."""

    def events(self, stack_id: str, logical_id: str) -> Iterator[StackEvent]:
        """Yield the events of a resource and of its stack, the newest first."""
