"""Whether a request is still the one CloudFormation waits for: asked before every look.

A cancelled request is never told so. Its Create would build again what its Delete removes, an
Update would pull against the Update that rolls it back. Rests on
`cloudformation:DescribeStackResource`: the status of the resource, and since when it has it. The
stack's own status is not asked for: before CloudFormation sends another request for a resource,
it gives that resource another status. One call per look, and looks are 2 to 10 s apart.

AWS does not promise that the time of a status stays as it is while a request is open. A status that
is too young is therefore a suspicion only: `cloudformation:DescribeStackEvents` must show the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cfn_mlflow.outcome import PermanentError, TemporaryError

from .clock import signed_at
from .event import Request
from .log import log

EXPECTED = {"Create": "CREATE_IN_PROGRESS", "Update": "UPDATE_IN_PROGRESS"}
"""The status of a resource whose request is open; a rollback's Update has the same as any."""
ENDED = ("_COMPLETE", "_FAILED")
ALIVE = ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
SLACK = 15.0
"""Seconds by which a request's first status may be younger than its signature."""


class ResourceState(Protocol):
    """A resource in its stack: as it is now, or as an event has it."""

    @property
    def status(self) -> str:
        """Return its status, such as `CREATE_IN_PROGRESS`."""

    @property
    def since(self) -> float | None:
        """Return when it got that status, in seconds since the epoch."""


class StackPort(Protocol):
    """What the protocol asks of CloudFormation."""

    def resource_state(self, stack_id: str, logical_id: str) -> ResourceState | None:
        """Return the state of a resource, None if it or its stack is gone.

        Raises TemporaryError if CloudFormation cannot say now, PermanentError if it never will.
        """

    def resource_events(
        self, stack_id: str, logical_id: str, after: float
    ) -> Sequence[ResourceState]:
        """Return what happened to a resource later than `after`, the newest first.

        `after` is in seconds since the epoch. Raises as `resource_state` does.
        """


class Fence:
    """Tells, look by look, whether one request may go on."""

    def __init__(self, stack: StackPort, request: Request) -> None:
        self._stack = stack
        self._request = request
        self._asks = self._confirms = True

    def closed(self) -> str | None:
        """Return why the request is no longer CloudFormation's, None if it is.

        Raises TemporaryError where a change must wait until CloudFormation can say. A provider
        that is not allowed to ask goes on without the fence, and says so in its log: an outdated
        policy must not keep every stack from being made.

        A Delete is asked for once and held back only by proof that it is an old one: a status of
        the living, after the Delete's end. Whatever else is found or not, it goes on.
        """
        if not self._asks:
            return None
        removing = self._request.request_type == "Delete"
        self._asks = not removing
        try:
            state = self._stack.resource_state(self._request.stack_id, self._request.logical_id)
            return self._alive_again(state) if removing else self._superseded(state)
        except TemporaryError:
            if removing:
                return None
            raise
        except PermanentError as error:
            self._asks = False
            log.warning(f"Goes on without asking whether the request still stands: {error}")
            return None

    def _superseded(self, state: ResourceState | None) -> str | None:
        if state is None:
            return "the resource or its stack is gone"
        if state.status != EXPECTED[self._request.request_type]:
            return f"the resource is {state.status}"
        if self._has_ended(state):
            return f"the resource is {state.status} for a later request"
        return None

    def _alive_again(self, state: ResourceState | None) -> str | None:
        if state is None or state.status not in ALIVE or not self._has_ended(state):
            return None
        return f"the resource is {state.status} since this Delete ended"

    def _has_ended(self, state: ResourceState) -> bool:
        """Tell whether the request is over, though the status could be its own."""
        signed = signed_at(self._request.response_url)
        if signed is None or state.since is None or state.since <= signed + SLACK:
            return False
        return any(event.status.endswith(ENDED) for event in self._since_it_began(signed))

    def _since_it_began(self, signed: float) -> Iterator[ResourceState]:
        """Yield the events after the request's signature, the newest first, but not its own start.

        Clocks differ: the end of the request before this one may be stamped after this one's
        signature, but never after its start.
        """
        for event in self._events(signed):
            started = not event.status.endswith(ENDED)
            if started and event.since is not None and event.since <= signed + SLACK:
                return
            yield event

    def _events(self, signed: float) -> Sequence[ResourceState]:
        if not self._confirms:
            return ()
        request = self._request
        try:
            return self._stack.resource_events(request.stack_id, request.logical_id, signed)
        except PermanentError as error:
            self._confirms = False
            log.warning(f"Goes on without asking for the request's end: {error}")
            return ()
