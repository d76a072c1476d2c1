"""The loop of one invocation: it repeats a step until the request can be answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from cfn_mlflow.cloudformation import handoff
from cfn_mlflow.cloudformation.answer import shorten
from cfn_mlflow.cloudformation.event import Request
from cfn_mlflow.cloudformation.guard.request_guard import RequestGuard, Unanswered, UnconfirmedError
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.outcome import (
    REASON_BYTES,
    Cause,
    Done,
    Failed,
    FaultsError,
    Outcome,
    PermanentError,
    TemporaryError,
    Waiting,
)
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.clock import Clock, Pace, deadline, span
from cfn_mlflow.runtime.invocation import Invocation
from cfn_mlflow.runtime.log import log
from cfn_mlflow.runtime.progress import Progress, duration

Step = Callable[[], Outcome]
"""One step of a request, called again while it returns Waiting or raises TemporaryError.

A PermanentError fails the request.
"""

Prepare = Callable[[Request, Identity], Step]
"""Returns the step of a request that CloudFormation has confirmed, and makes no AWS call.

Raises InvalidProperties with every fault of the properties.
"""

MOST_STRIKES = 3
"""Unexpected errors in a row after which a request fails. A single one may pass by itself."""
SWEEP = 30.0
"""Seconds between the two steps of a Delete that must find nothing, if the id was invented.

The last AWS call of a Create can be under way for so long: three tries of 10 s.
"""
SECOND_LOOK = "a second search"
TRIES = 3
GIVE_UP_SECONDS = 60.0
"""Seconds for undoing what a failed request must not leave. The answer waits for it.

This is well within clock.RESERVE.
"""
EARLIER = 30.0
"""Seconds that may pass from the signature of a ResponseURL to the time of the status."""
ANSWER_SECONDS = 10.0
"""Seconds that an invocation keeps for the delivery of its answer."""

NEXT_STEP = {
    "Create": "CloudFormation now removes what was made. Read the log, then deploy again.",
    "Update": "CloudFormation now rolls back. Read the log, then update again.",
    "Delete": "Delete again: the deletion continues where it stopped.",
}


GiveUp = Callable[[Request, Identity], None]
"""Undoes what must not outlast a failed request. It is called again after a TemporaryError."""


Result = Done | Failed | Unanswered


class Loop:
    """One invocation's work on one request."""

    def __init__(  # noqa: PLR0913 - the parts of one invocation, each made once in serve.py
        self,
        request: Request,
        carried: handoff.Carried,
        *,
        invocation: Invocation,
        guard: RequestGuard,
        invoke: handoff.InvokePort,
        clock: Clock,
    ) -> None:
        self._request, self._carried = request, carried
        self._invocation, self._guard, self._invoke, self._clock = invocation, guard, invoke, clock
        self._progress = Progress(log.info, clock.now, carried.waits, carried.told_at)
        self._deadline = deadline(request.response_url, carried.first_seen, request.service_timeout)
        self._looks = self._strikes = 0
        self._has_begun, self._is_cut_short = False, False

    def run(self, prepare: Prepare, give_up: GiveUp | None = None) -> Result:
        """Work until the request can be answered, is handed off, or is no longer current.

        If a request fails after its first step, `give_up` runs before the answer. It does not run
        if only the event says that the time is over. A forged event with an old date would then
        undo work that is under way.
        """
        result = self._work(self._prepared_once(prepare))
        if isinstance(result, Failed) and give_up and self._has_begun and not self._is_cut_short:
            self._give_up(give_up)
        return result

    def _prepared_once(self, prepare: Prepare) -> Step:
        """Return a step that calls `prepare` at its first call, after the request guard."""

        @cache
        def prepared() -> Step:
            believed = replace(self._guard.believed(), waited=self._carried.waits)
            return prepare(believed, self._request.identity)

        def step() -> Outcome:
            made = prepared()
            self._has_begun = True
            return made()

        return step

    def _work(self, step: Step) -> Result:
        pace = Pace()
        while not self._is_over():
            outcome = self._look(step)
            if not isinstance(outcome, Waiting):
                return outcome
            pause = pace.next(changed=self._progress.note(outcome.waits))
            pause = min(pause, self._deadline - self._clock.now())
            room = self._invocation.room()
            self._clock.sleep(max(min(pause, room), 0))
            if room <= pause:
                return self._hand_on()
        return self._timed_out()

    def _is_over(self) -> bool:
        """Return whether the time is over. A late Delete still makes one step.

        That step succeeds if the objects are gone already.
        """
        owed = self._request.request_type == "Delete" and not self._looks
        return self._late() and not owed

    def _late(self) -> bool:
        return self._clock.now() >= self._deadline

    def _look(self, step: Step) -> Result | Waiting:
        self._looks += 1
        try:
            ended = self._guard.verdict()
            if ended:
                return ended
            outcome = step()
        except TemporaryError as error:
            return self._again(str(error))
        except PermanentError as error:
            return self._failed(error)
        except Exception as error:
            failed = self._unexpected(error)
            self._strikes += 1
            return failed if self._strikes >= MOST_STRIKES else self._again(type(error).__name__)
        self._strikes = 0
        return self._settled(outcome)

    def _settled(self, outcome: Outcome) -> Outcome:
        """Return the result of a step; a Delete with an invented id must find nothing twice.

        CloudFormation invents an id if a Create was never answered. The Create's last AWS call may
        then still be under way. A Delete with this package's id comes after an answer, and ends
        as soon as one step finds nothing.
        """
        if isinstance(outcome, Failed):
            return _told(outcome)
        if not isinstance(outcome, Done) or self._request.request_type != "Delete":
            return outcome
        first = self._progress.waits.get(SECOND_LOOK)
        proven = first is not None and self._clock.now() - first.since >= SWEEP
        if proven or self._late() or not self._request.has_invented_id:
            return Done({})
        return Waiting({SECOND_LOOK: "the first one found nothing"})

    def _give_up(self, give_up: GiveUp) -> None:
        """Undo what must not stay. If that fails, log why: the answer is sent all the same."""
        pace, until = Pace(), self._clock.now() + GIVE_UP_SECONDS
        while True:
            try:
                if not self._guard.verdict():  # else a later request is at work
                    give_up(self._request, self._request.identity)
            except TemporaryError as error:
                pause = pace.next(changed=False)
                ends = self._clock.now() + pause >= until
                if ends or pause + ANSWER_SECONDS > self._invocation.left():
                    log.error(f"Not everything could be undone: {error}")
                    return
                self._clock.sleep(pause)
            except UnconfirmedError as error:
                log.error(str(error))
                return
            except Exception:
                log.exception("Not everything could be undone")
                return
            else:
                return

    def _again(self, why: str) -> Waiting:
        return Waiting({**self._progress.states(), "another try": why})

    def _failed(self, error: PermanentError) -> Failed:
        """Return the failure, and log all faults if there are several.

        The answer may have no room for all of them.
        """
        if not isinstance(error, FaultsError):
            return _told(Cause(error.reason, error.words))
        log.error(f"All {len(error.faults)} faults", faults=error.faults)
        return Failed(error.reason, error.words)

    def _unexpected(self, error: Exception) -> Failed:
        """Log an unforeseen error; the reason has its type only, as its text may hold a secret."""
        log.exception("Unexpected error")
        words = f"Unexpected {type(error).__name__}, a fault of the provider. See its log."
        return Failed(Reason.InternalError, words)

    def _is_early(self) -> bool:
        """Return whether time is left by CloudFormation's clock, whatever the event's date says."""
        since = self._guard.open_since()
        ends = (since or self._clock.now()) + span(self._request.service_timeout)
        return self._clock.now() < ends - EARLIER

    def _timed_out(self) -> Failed:
        self._is_cut_short = self._is_early()
        waits = [f"{what} ({state})" for what, state in self._progress.states().items()]
        waited = duration(self._clock.now() - self._carried.first_seen)
        nothing_told = "AWS" if self._looks else "its first step: the request came too late"
        still = shorten(", ".join(waits) or nothing_told, 230)
        next_step = NEXT_STEP[self._request.request_type]
        words = f"Not done after {waited}, still waiting for {still}. {next_step}"
        return Failed(Reason.TimedOut, words)

    def _hand_on(self) -> Failed | Unanswered:
        if self._carried.hops >= handoff.MOST_HOPS:
            self._is_cut_short = True
            words = (
                f"The request was handed off {self._carried.hops} times and did not end. "
                "See the log."
            )
            return Failed(Reason.HandOffFailed, words)
        told = self._progress
        carried = replace(self._carried, waits=told.waits, told_at=told.told_at)
        try:
            payload = handoff.pack(self._request.event, carried)
        except handoff.TooLargeError as error:
            self._is_cut_short = True
            words = f"The request is too large for a hand-off: {error}. Shorten its properties."
            return Failed(Reason.HandOffFailed, words)
        for _ in range(TRIES):
            try:
                self._invoke.invoke(self._invocation.function_name, payload)
            except TemporaryError:
                self._clock.sleep(1)
            except PermanentError as error:
                words = f"The function cannot hand off the request: {error}"
                return _told(Cause(Reason.HandOffFailed, words))
            else:
                return Unanswered("another invocation continues the request")
        return Unanswered("Lambda does not accept the hand-off", again=True)


def _told(cause: Cause) -> Failed:
    """Return the failure in at most REASON_BYTES, its code with it."""
    room = REASON_BYTES - len(cause.reason.prefix)
    return Failed(cause.reason, shorten(cause.words, room))
