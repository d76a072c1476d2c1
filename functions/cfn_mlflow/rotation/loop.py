"""The loop of one rotation: look, wait, look again, to its end or the end of the invocation.

What it came to is the function's answer and one line in the log. A rotation that fails raises:
Lambda runs an asynchronous one again, and the function's errors raise an alarm. A caller who is
not served has no rotation: that raises nothing, for anybody could set the alarm off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

from cfn_mlflow.direct_invocation.caller import Caller, NotServedError
from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting
from cfn_mlflow.rotation.logins import CLUSTER_KEY
from cfn_mlflow.rotation.rotation import NOT_REPEATED, Order, Rotation, order
from cfn_mlflow.runtime.clock import Clock, Pace
from cfn_mlflow.runtime.log import log
from cfn_mlflow.runtime.progress import Progress, duration

SECONDS_TO_END = 15
"""What an invocation keeps to tell that its time is over."""

CLOCK = Clock()


class Context(Protocol):
    """What is used of the context object that Lambda gives a Python handler."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is stopped."""


class RotationError(Exception):
    """The rotation failed or is not done: why, and without a secret."""


def rotate(event: Mapping[str, Any], context: Context, clock: Clock = CLOCK) -> dict[str, Any]:
    """Rotate, and return which login is in use now, or why the caller is not served.

    Raises RotationError.
    """
    caller = Caller(context.invoked_function_arn, event)
    try:
        return _rotate(caller, context, clock)
    except NotServedError as refused:
        log.warning("Not served", reason=str(refused))
        return {"error": str(refused)}


def _rotate(caller: Caller, context: Context, clock: Clock) -> dict[str, Any]:
    try:
        asked = order(caller.event, context.aws_request_id)
    except PermanentError as error:
        if not caller.is_operator:
            raise NotServedError(str(error)) from error
        _fail(None, str(error))
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
            _fail(asked, f"not done yet, waiting for {still}. Run again: it goes on from there")
        clock.sleep(pause)


def _look(rotation: Rotation, asked: Order) -> Outcome:
    try:
        return rotation.step()
    except TemporaryError as error:
        return Waiting({"another try": str(error)})
    except NotServedError:
        raise
    except PermanentError as error:
        _fail(asked, str(error))
    except Exception as error:
        # Its text may hold a secret; its type does not.
        log.exception("Unexpected error")
        _fail(asked, f"Unexpected {type(error).__name__}, a fault of the provider: see its log")


def _fail(asked: Order | None, why: str) -> NoReturn:
    of: dict[str, Any] = _of(asked) if asked else {}
    log.error("Not rotated", reason=why, **of)
    raise RotationError(why) from None


def _of(asked: Order) -> dict[str, str]:
    return {CLUSTER_KEY: asked.cluster, "Request": asked.request}
