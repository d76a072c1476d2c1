"""The request guard: before each step, CloudFormation must confirm that the request is current.

Anybody with the right to invoke a function can send it a forged request. A request therefore counts
only if CloudFormation confirms it. `cloudformation:DescribeStackResource` must show the status that
belongs to the request. `cloudformation:DescribeStackEvents` must show its properties. If either
call fails, the request does not pass.

CloudFormation does not tell a function that it cancelled a request. A cancelled Create would make
objects that a Delete removes. A cancelled Update would work against its own rollback. But before
CloudFormation sends another request for a resource, it gives the resource another status.

A step, 2 to 10 s after the last, costs one call. Each invocation reads the events once, and again
if the time of the status changes. AWS does not promise that this time stays the same while a
request is open. So the events must confirm that a status is too young.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile, tee
from typing import NoReturn

from cfn_mlflow.cloudformation.event import Request, own_properties
from cfn_mlflow.cloudformation.guard import confirmation, service_token
from cfn_mlflow.cloudformation.guard.confirmation import Properties, differing, masked, shows
from cfn_mlflow.cloudformation.guard.stack import (
    ANY_TYPE,
    OVER,
    ResourceState,
    StackEvent,
    StackPort,
)
from cfn_mlflow.cloudformation.guard.way_out import unconfirmed
from cfn_mlflow.cloudformation.handoff import Carried
from cfn_mlflow.outcome import Done, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.clock import started_at
from cfn_mlflow.runtime.log import log

EXPECTED = {
    "Create": "CREATE_IN_PROGRESS",
    "Update": "UPDATE_IN_PROGRESS",
    "Delete": "DELETE_IN_PROGRESS",
}
"""The status of a resource whose request is open. The Update of a rollback has it too."""
LIVES = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
GONE = "the resource or its stack is gone"
ENDED = ("_COMPLETE", "_FAILED")
SLACK = 15.0
"""Seconds by which a request's first status may be later than the signature of its URL."""
TIMEOUT = "ServiceTimeout"
PATIENCE = 5
"""Doubts after which a request is not confirmed: some 15 s, as CloudFormation may show it late."""
DELETING = ("DELETE_IN_PROGRESS", "DELETE_FAILED")


@dataclass(frozen=True)
class Unanswered:
    """This invocation sends no answer: why, and whether Lambda must deliver the event again."""

    why: str
    again: bool = False


class UnconfirmedError(PermanentError):
    """CloudFormation does not confirm a request, so nothing may be changed for it."""

    def __init__(self, words: str) -> None:
        super().__init__(Reason.RequestNotConfirmed, words)


class RequestGuard:
    """Decides before each step whether a request may go on."""

    def __init__(
        self,
        stack: StackPort,
        request: Request,
        carried: Carried,
        function_arn: str,
        loses_data: Collection[str] = (),
    ) -> None:
        self._stack = stack
        self._request = request
        self._function_arn = function_arn
        self._loses_data = loses_data
        self._started = started_at(request.response_url, carried.first_seen)
        self._told: Properties | None = None
        self._former: Properties | None = None
        self._confirmed: ResourceState | None = None
        self._is_first = not carried.hops
        self._doubts = 0

    def verdict(self) -> Unanswered | Done | None:
        """Return what ends the request before its next step, or None if it may go on.

        Raises TemporaryError if CloudFormation cannot confirm the request yet. Raises
        UnconfirmedError if it does not, or if the function may not ask.
        """
        try:
            return self._verdict()
        except PermanentError as error:
            raise UnconfirmedError(unconfirmed(error, self._request)) from error

    def open_since(self) -> float | None:
        """Return when the request began by CloudFormation's clock, or None if not confirmed.

        In seconds since the epoch. The dates in a ResponseURL or a hand-off may be forged.
        """
        return self._confirmed.since if self._confirmed else None

    def believed(self) -> Request:
        """Return the request with only the properties that CloudFormation confirms.

        A property that makes a Delete lose data counts only if the events show its exact value. The
        former properties of an Update are those in the events, or None if the events have none.
        Call it after `verdict` has returned None.
        """
        match self._request.request_type:
            case "Update":
                return replace(self._request, old_properties=self._believed_former())
            case "Delete":
                return replace(self._request, properties=self._without_unproven())
        return self._request

    def _believed_former(self) -> Properties | None:
        if self._former is None:
            log.info("No event of the stack shows the former properties: they do not count")
            return None
        asked = self._request.old_properties or {}
        others = ", ".join(differing(asked, self._former))
        if others:
            log.warning(f"These former properties are taken from the stack's events: {others}")
        return confirmation.believed(asked, self._former)

    def _without_unproven(self) -> Properties:
        told, properties = self._told or {}, self._request.properties
        unproven = {
            name
            for name in self._loses_data
            if name in properties and not shows(told, name, properties[name])
        }
        if unproven:
            log.warning(
                "Data is kept, because CloudFormation's events do not show these properties: "
                + ", ".join(sorted(unproven))
            )
        return {name: value for name, value in properties.items() if name not in unproven}

    def _verdict(self) -> Unanswered | Done | None:
        state = self._stack.resource_state(self._request.stack_id, self._request.logical_id)
        if self._request.request_type == "Delete" and state and self._is_replaced(state):
            log.info("The resource has another physical id now: the former one owns no object")
            return Done({})
        over = self._over(state)
        if over or state is None:
            return Unanswered(over or GONE)
        if self._confirmed is None or self._confirmed.since != state.since:
            self._confirm(state)
        return None

    def _over(self, state: ResourceState | None) -> str | None:
        if state is None or state.status != EXPECTED[self._request.request_type]:
            why = f"the resource is {state.status}" if state else GONE
            self._wait_for_its_status(state, why)
            return why
        if self._has_ended(state):
            return f"the resource is {state.status} for a later request"
        return None

    def _wait_for_its_status(self, state: ResourceState | None, why: str) -> None:
        """Give CloudFormation time to show the status, as a stack without an answer hangs an hour.

        Only the first invocation waits, until the request is confirmed. Later ones are late enough.
        """
        if self._is_first and self._confirmed is None and self._may_become_its_own(state):
            self._doubt(why)

    def _may_become_its_own(self, state: ResourceState | None) -> bool:
        status = state.status if state else OVER[0]
        if self._request.request_type == "Create":
            return status in OVER
        left = OVER if self._request.request_type == "Delete" else (*OVER, *DELETING)
        return status not in left

    def _confirm(self, state: ResourceState) -> None:
        """Compare the request's type and properties with those that CloudFormation shows.

        The status alone confirms a Delete. `believed` decides which of its properties count.
        """
        events, older = tee(self._events())
        told = confirmation.told_properties(events)
        self._told = _own(told)
        if self._request.request_type == "Update":
            self._former = _own(confirmation.former_properties(older))
        if self._request.request_type != "Delete":
            if state.type not in (self._request.resource_type, ANY_TYPE):
                raise UnconfirmedError(f"the resource is of the type {state.type}")
            self._refuse_another_functions(told or {})
            self._compare(told or {})
        self._confirmed = state

    def _refuse_another_functions(self, told: Properties) -> None:
        """Refuse a resource whose ServiceToken names another function; ignore a masked token."""
        token = told.get("ServiceToken")
        if token is None or masked({"ServiceToken": token}):
            return
        if not service_token.names(str(token), self._function_arn):
            raise UnconfirmedError("the resource's ServiceToken names another function")

    def _not_as_told(self, why: str) -> NoReturn:
        self._doubt(why)
        raise UnconfirmedError(why)

    def _compare(self, told: Properties) -> None:
        if self._told is None:
            self._not_as_told("no event of the stack shows its properties")
        others = differing(self._request.properties, self._told)
        timeout = _its_timeout(told)
        if timeout:  # the events may not show it: then a forged one can undo nothing
            others += differing(_its_timeout(self._request.event["ResourceProperties"]), timeout)
        if others:
            self._not_as_told(f"the stack's event has other values of {', '.join(others)}")
        hidden = masked(self._told)
        if hidden:
            log.info(f"Not compared, because the stack's event masks them: {', '.join(hidden)}")

    def _doubt(self, why: str) -> None:
        """Raise TemporaryError unless this doubt is the last. A failed AWS call is no doubt."""
        self._doubts += 1
        if self._doubts < PATIENCE:
            raise TemporaryError(f"CloudFormation does not confirm the request ({why})")

    def _is_replaced(self, state: ResourceState) -> bool:
        """Return whether a Delete is about a former physical id of a resource that lives on.

        Objects belong to the logical id, so a former physical id owns none.
        """
        if state.status not in LIVES or state.physical_id == self._request.physical_id:
            return False
        former = self._request.physical_id
        newest = next((each for each in self._events() if each.physical_id == former), None)
        return newest is not None and newest.status == EXPECTED["Delete"]

    def _has_ended(self, state: ResourceState) -> bool:
        """Return whether the request is over, although the resource has the status for it."""
        if state.since is None or state.since <= self._started + SLACK:
            return False
        return any(event.status.endswith(ENDED) for event in self._since_it_began())

    def _since_it_began(self) -> Iterator[StackEvent]:
        """Yield the events after the request's own start, the newest first.

        By its clock, the previous request may end after this one's signature, but not its start.
        """
        for event in takewhile(lambda each: _later(each, self._started), self._events()):
            if event.of_stack:
                continue
            started = not event.status.endswith(ENDED)
            if started and not _later(event, self._started + SLACK):
                return
            yield event

    def _events(self) -> Iterator[StackEvent]:
        """Yield the events, or none for a Delete if they cannot be read.

        A stack must be deletable even then. Without events a Delete keeps the data.
        """
        try:
            yield from self._stack.events(self._request.stack_id, self._request.logical_id)
        except TemporaryError:
            raise
        except Exception as error:
            if self._request.request_type != "Delete":
                raise
            why = error if isinstance(error, PermanentError) else type(error).__name__
            log.warning(f"CloudFormation's events cannot be read: {why}")


def _own(told: Properties | None) -> Properties | None:
    return None if told is None else own_properties(told)


def _its_timeout(properties: Properties) -> Properties:
    return {TIMEOUT: properties[TIMEOUT]} if TIMEOUT in properties else {}


def _later(event: StackEvent, moment: float) -> bool:
    return event.since is not None and event.since > moment
