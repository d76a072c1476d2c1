"""Call a resource, and turn each error into a TemporaryError or a PermanentError."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import PermanentError, TemporaryError

Result = TypeVar("Result")

NOT_VISIBLE: Final = "created; not visible yet"
"""The state of what was created and is not observed yet."""

Explain = Callable[[str, Exception], Exception]
"""Turns an error of the world below into one of the two kinds; others it returns as they are.

It may say more of a PermanentError by one of the classes below: the engine knows no error codes.
"""


class DeniedError(PermanentError):
    """It is not allowed: it may be soon, where rights follow tags that were just set."""


class NotFoundError(PermanentError):
    """It is not there: it may be soon, where it was just made."""


class NotKnownYetError(PermanentError):
    """What was just made is not known everywhere: it passes, or stands in the end."""

    waits: str = "AWS does not know yet what was just made"


class AlreadyThereError(NotKnownYetError):
    """It is there though it was not observed: made by an invocation that died, and not visible."""

    waits = NOT_VISIBLE


def call(
    explain: Explain, node: Observed[Any], method: Callable[..., Result], *args: object
) -> Result:
    """Call a method of a resource. Raises TemporaryError, PermanentError, or what is a bug."""
    try:
        return method(*args)
    except (TemporaryError, PermanentError):
        raise
    except Exception as error:
        explained = explain(node.label, error)
        if explained is error:
            raise
        raise explained from error
