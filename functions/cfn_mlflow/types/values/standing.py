"""Faults that are accepted ("standing"): a newer rule must not block an existing resource.

An Update may contain properties that an earlier version of the provider accepted. If they were
refused, the Update would fail, and its rollback too. update.py decides which faults are accepted.
For those, the rules and checks return the value that they have read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError, ValidationInfo
from pydantic.alias_generators import to_pascal

from cfn_mlflow.types.values.faults import UNREAD, WrongPartsError, WrongValueError

Key = tuple[str, str]
"""The key of a fault: a property's name in its own model, and what is wrong with its value."""

Standing = frozenset[Key]

Class = TypeVar("Class")
Value = TypeVar("Value")
Check = Callable[[Class, Value, ValidationInfo], Value]


def may_stand(check: Check[Class, Value]) -> Check[Class, Value]:
    """Return the check of a property with faults that can be accepted."""

    @functools.wraps(check)
    def checked(cls: Class, value: Value, info: ValidationInfo) -> Value:
        try:
            return check(cls, value, info)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            keys = {
                (str(each["loc"][-1]), str(each.get("ctx", {}).get("error"))) for each in details
            }
            if all(_stands(*key, info) for key in keys):
                return value
            raise
        except WrongValueError as error:
            if _stands(info.field_name, str(error), info):
                return value
            error.read = value
            raise

    return checked


def read_or_stand(
    read: Callable[[object], Value], value: object, name: str | None, info: ValidationInfo
) -> object:
    """Return the value that `read` returns, or the one that it read before an accepted fault."""
    try:
        return read(value)
    except (WrongValueError, WrongPartsError) as error:
        if error.read is not UNREAD and _stands(name, str(error), info):
            return error.read
        raise


def _stands(name: str | None, message: str, info: ValidationInfo) -> bool:
    standing: Standing = info.context or frozenset()
    return (to_pascal(name or ""), message) in standing
