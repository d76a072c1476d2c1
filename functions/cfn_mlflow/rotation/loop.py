"""The loop of one rotation: observe, wait, observe again, until it or the invocation ends.

The function answers with the result, and logs it in one line. A rotation that fails raises an
error. Lambda runs an asynchronous invocation again then, and an alarm counts the errors. A caller
who is not served raises no error: otherwise anybody could set off the alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

from cfn_mlflow.direct_invocation.caller import Caller, NotServedError
from cfn_mlflow.outcome import Cause, Done, Outcome, PermanentError, TemporaryError, Waiting
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.logins import CLUSTER_KEY
from cfn_mlflow.rotation.rotation import NOT_REPEATED, Order, Rotation, order
from cfn_mlflow.runtime.clock import Clock, Pace
from cfn_mlflow.runtime.failures import failure
from cfn_mlflow.runtime.log import log
from cfn_mlflow.runtime.progress import Progress, duration

SECONDS_TO_END = 15
"""Seconds that an invocation keeps, so that it can still say that its time is over."""

CLOCK = Clock()


class RotationContext(Protocol):
    """What a rotation uses of the context object that Lambda gives a Python handler."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is stopped."""


class RotationError(Exception):
    """The rotation failed, or is not done yet. The reason holds no secret."""


def rotate(
    event: Mapping[str, Any], context: RotationContext, clock: Clock = CLOCK
) -> dict[str, Any]:
    """Rotate, and return the active login's name and its secret's ARN.

    A caller who is not served gets a dictionary with the reason under `error`. Raises
    RotationError if the rotation failed, or if the invocation's time ended before it was done.
    """
    caller = Caller(context.invoked_function_arn, event)
    try:
        return _rotate(caller, context, clock)
    except NotServedError as refused:
        log.warning("Not served", reason=refused.words, code=refused.reason.name)
        return {"error": refused.words, "code": refused.reason.name}


def _rotate(caller: Caller, context: RotationContext, clock: Clock) -> dict[str, Any]:
    try:
        asked = order(caller.event, context.aws_request_id)
    except PermanentError as error:
        if not caller.is_operator:
            raise NotServedError(error.reason, error.words) from error
        _fail(None, Cause(error.reason, error.words))
    started = clock.now()
    rotation = Rotation(asked, caller)
    result = _run(rotation, asked, clock, lambda: context.get_remaining_time_in_millis() / 1000)
    told: dict[str, Any] = {**_of(asked), **result}
    message = "Not rotated again so soon" if NOT_REPEATED in result else "Rotated"
    log.info(message, **told, took=duration(clock.now() - started))
    return told


def _run(
    rotation: Rotation, asked: Order, clock: Clock, left: Callable[[], float]
) -> Mapping[str, str]:
    progress, pace = Progress(log.info, clock.now, {}, clock.now()), Pace()
    while True:
        outcome = _look(rotation, asked)
        if isinstance(outcome, Done):
            return outcome.attributes
        waits = outcome.waits if isinstance(outcome, Waiting) else {}
        pause = pace.next(changed=progress.note(waits))
        if left() - pause < SECONDS_TO_END:
            still = ", ".join(f"{what} ({state})" for what, state in waits.items())
            words = f"not done yet, waiting for {still}. Run again: it goes on from there"
            _fail(asked, Cause(Reason.TimedOut, words))
        clock.sleep(pause)


def _look(rotation: Rotation, asked: Order) -> Outcome:
    try:
        return rotation.step()
    except TemporaryError as error:
        return Waiting({"another try": str(error)})
    except NotServedError:
        raise
    except PermanentError as error:
        _fail(asked, Cause(error.reason, error.words))
    except Exception as error:
        # Its text may hold a secret; its type does not.
        log.exception("Unexpected error")
        words = f"Unexpected {type(error).__name__}, a fault of the provider: see its log"
        _fail(asked, Cause(Reason.InternalError, words))


def _fail(asked: Order | None, why: Cause) -> NoReturn:
    of: dict[str, Any] = _of(asked) if asked else {}
    log.error("Not rotated", reason=why.words, **of, **failure(why.reason))
    raise RotationError(str(why)) from None


def _of(asked: Order) -> dict[str, str]:
    return {CLUSTER_KEY: asked.cluster, "Request": asked.request}
