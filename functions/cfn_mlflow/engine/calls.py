"""How the engine calls an object: every error is one of the two kinds, or a bug."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cfn_mlflow.outcome import PermanentError, TemporaryError

from .managed import ManagedObject

Result = TypeVar("Result")

Explain = Callable[[str, Exception], Exception]
"""Turns an error of the world below into one of the two kinds; others it returns as they are."""


def call(
    explain: Explain, managed: ManagedObject[Any], method: Callable[..., Result], *args: object
) -> Result:
    """Call a method of an object. Raises TemporaryError, PermanentError, or what is a bug."""
    try:
        return method(*args)
    except (TemporaryError, PermanentError):
        raise
    except Exception as error:
        explained = explain(managed.label, error)
        if explained is error:
            raise
        raise explained from error
