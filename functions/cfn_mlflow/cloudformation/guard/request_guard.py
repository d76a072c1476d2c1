"""Whether a request is CloudFormation's, and still the one it waits for: asked before every look.

Whoever may invoke a function can send it a made-up request. So a request counts only as far as
CloudFormation itself tells of it: `cloudformation:DescribeStackResource` must show the status that
the request means, and `cloudformation:DescribeStackEvents` its properties. No failure to ask lets a
request through.

A cancelled request is never told so. Its Create would build again what its Delete removes, an
Update would pull against the Update that rolls it back. Before CloudFormation sends another request
for a resource, it gives that resource another status. One call per look, and looks are 2 to 10 s
apart; the events are asked for once in an invocation, and whenever the status has another time.

AWS does not promise that the time of a status stays as it is while a request is open. A status that
is too young is therefore a suspicion only: the events must show the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile, tee
from typing import NoReturn

from cfn_mlflow.cloudformation.answer import shorten
from cfn_mlflow.cloudformation.event import Request, own_properties
from cfn_mlflow.cloudformation.guard import confirmation, service_token
from cfn_mlflow.cloudformation.guard.confirmation import Properties, differing, masked, shows
from cfn_mlflow.cloudformation.guard.stack import ANY_TYPE, ResourceState, StackEvent, StackPort
from cfn_mlflow.cloudformation.handoff import Carried
from cfn_mlflow.outcome import Done, PermanentError, TemporaryError
from cfn_mlflow.runtime.clock import started_at
from cfn_mlflow.runtime.log import log

EXPECTED = {
    "Create": "CREATE_IN_PROGRESS",
    "Update": "UPDATE_IN_PROGRESS",
    "Delete": "DELETE_IN_PROGRESS",
}
"""The status of a resource whose request is open; a rollback's Update has the same as any."""
LIVES = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
GONE = "the resource or its stack is gone"
ENDED = ("_COMPLETE", "_FAILED")
SLACK = 15.0
"""Seconds by which a request's first status may be younger than its signature."""
TIMEOUT = "ServiceTimeout"
PATIENCE = 5
"""Doubts until a request counts as not confirmed: some 15 s, for CloudFormation may tell late."""
OVER = ("DELETE_COMPLETE", "DELETE_SKIPPED")
"""The statuses of a resource that is not in its stack any more."""
DELETING = ("DELETE_IN_PROGRESS", "DELETE_FAILED")


@dataclass(frozen=True)
class Unanswered:
    """Nothing is answered by this invocation: why, and whether Lambda must deliver it again."""

    why: str
    again: bool = False


class UnconfirmedError(PermanentError):
    """CloudFormation does not confirm a request: nothing may be changed for it."""


class RequestGuard:
    """Tells, look by look, whether one request may go on."""

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
        """Return what ends the request before its look, None if it may go on.

        Raises TemporaryError where it must wait until CloudFormation can say, UnconfirmedError if
        CloudFormation does not confirm the request, or may not be asked.
        """
        try:
            return self._verdict()
        except PermanentError as error:
            raise UnconfirmedError(
                f"CloudFormation does not confirm this request: {shorten(str(error), 160)}. "
                f"Nothing was changed for it{self._way_out()}"
            ) from error

    def _way_out(self) -> str:
        """Say what to do with a rollback that stays unconfirmed: its older events may be gone."""
        if self._request.request_type != "Update":
            return ""
        return (
            ". If its stack is going back, skip it: aws cloudformation continue-update-rollback"
            f" --stack-name {self._request.identity.stack_name}"
            f" --resources-to-skip {self._request.logical_id}"
        )

    def open_since(self) -> float | None:
        """Return since when the request is open by CloudFormation's clock, None if not confirmed.

        An address's date and what a hand-off carries along may be made up.
        """
        return self._confirmed.since if self._confirmed else None

    def believed(self) -> Request:
        """Return the request with those properties only that may count in it, once it may go on.

        A property that makes a deletion lose data counts if the events show its very value. The
        former properties of an Update are those that the events tell, None if they tell none.
        """
        match self._request.request_type:
            case "Update":
                return replace(self._request, old_properties=self._believed_former())
            case "Delete":
                return replace(self._request, properties=self._without_unproven())
        return self._request

    def _believed_former(self) -> Properties | None:
        if self._former is None:
            log.info("No event of the stack tells the former properties: they do not count")
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
                "Data is kept, for CloudFormation's events do not show these properties: "
                + ", ".join(sorted(unproven))
            )
        return {name: value for name, value in properties.items() if name not in unproven}

    def _verdict(self) -> Unanswered | Done | None:
        state = self._stack.resource_state(self._request.stack_id, self._request.logical_id)
        if self._request.request_type == "Delete" and state and self._is_replaced(state):
            log.info("Another physical resource has taken the place of this one, which had nothing")
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
        """Give CloudFormation time to show the status: without an answer a stack hangs an hour.

        Until a request was confirmed, and in its first invocation: later ones come late enough.
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
        """Compare the request's type and properties with those that CloudFormation tells.

        A Delete is confirmed by its status. What its properties may do is told by `believed`.
        """
        events, older = tee(self._events())
        told = confirmation.told_properties(events)
        self._told = _own(told)
        if self._request.request_type == "Update":
            self._former = _own(confirmation.former_properties(older))
        if self._request.request_type != "Delete":
            if state.type not in (self._request.resource_type, ANY_TYPE):
                raise PermanentError(f"the resource is of the type {state.type}")
            self._refuse_another_functions(told or {})
            self._compare(told or {})
        self._confirmed = state

    def _refuse_another_functions(self, told: Properties) -> None:
        """Refuse what CloudFormation asks of another function; a masked token may be our own."""
        token = told.get("ServiceToken")
        if token is None or masked({"ServiceToken": token}):
            return
        if not service_token.names(str(token), self._function_arn):
            raise PermanentError("the resource's ServiceToken names another function")

    def _not_as_told(self, why: str) -> NoReturn:
        self._doubt(why)
        raise PermanentError(why)

    def _compare(self, told: Properties) -> None:
        if self._told is None:
            self._not_as_told("no event of the stack shows its properties")
        others = differing(self._request.properties, self._told)
        timeout = _its_timeout(told)
        if timeout:  # no event may tell it: a made-up one then undoes nothing
            others += differing(_its_timeout(self._request.event["ResourceProperties"]), timeout)
        if others:
            self._not_as_told(f"the stack's event has other values of {', '.join(others)}")
        hidden = masked(self._told)
        if hidden:
            log.info(f"Not compared, for CloudFormation's event masks them: {', '.join(hidden)}")

    def _doubt(self, why: str) -> None:
        """Ask for another look, but for the last doubt. A look that AWS hinders is no doubt."""
        self._doubts += 1
        if self._doubts < PATIENCE:
            raise TemporaryError(f"CloudFormation does not confirm the request ({why})")

    def _is_replaced(self, state: ResourceState) -> bool:
        """Tell whether a Delete is that of a former physical id, whose resource lives on.

        What is made belongs to the logical id: a former id has nothing of its own.
        """
        if state.status not in LIVES or state.physical_id == self._request.physical_id:
            return False
        former = self._request.physical_id
        newest = next((each for each in self._events() if each.physical_id == former), None)
        return newest is not None and newest.status == EXPECTED["Delete"]

    def _has_ended(self, state: ResourceState) -> bool:
        """Tell whether the request is over, though the status could be its own."""
        if state.since is None or state.since <= self._started + SLACK:
            return False
        return any(event.status.endswith(ENDED) for event in self._since_it_began())

    def _since_it_began(self) -> Iterator[StackEvent]:
        """Yield the events after the request's signature, the newest first, but not its own start.

        Clocks differ: the end of the request before this one may be stamped after this one's
        signature, but never after its start.
        """
        for event in takewhile(lambda each: _later(each, self._started), self._events()):
            if event.of_stack:
                continue
            started = not event.status.endswith(ENDED)
            if started and not _later(event, self._started + SLACK):
                return
            yield event

    def _events(self) -> Iterator[StackEvent]:
        """Yield the events; none for a Delete if they cannot be read: it then keeps the data.

        A stack must be deletable whatever hinders the provider from reading its events.
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
