"""Turn pydantic's errors into sentences for the person who wrote the template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason
from cfn_mlflow.types.values.suggestion import suggestion

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Location = tuple[int | str, ...]

NAME_CHARACTERS = 60
"""The characters of an unknown name that a fault repeats at most."""

_OTHER_PROPERTY = re.compile(r"\{(\w+)\}")
_RANK = {"missing": 0, "extra_forbidden": 1}


UNREAD = object()
"""Marks a value that could not be read. Its fault can never be accepted."""


class WrongValueError(ValueError):
    """What is wrong with one value. The message never contains the value.

    `{Name}` in the message is replaced by the name by which the user wrote that property.
    """

    def __init__(
        self,
        message: str,
        read: object = UNREAD,
        reason: Reason = Reason.InvalidProperty,
    ) -> None:
        self.read, self.reason = read, reason
        super().__init__(message)


class WrongPartsError(ValueError):
    """Several faults inside one value, each by its place in it, such as `[0].Name`."""

    def __init__(self, parts: Mapping[str, str], read: object = UNREAD) -> None:
        self.parts = dict(parts)
        self.read = read
        super().__init__("; ".join(self.parts.values()))


def fault_at(location: Location, error: WrongValueError) -> ValidationError:
    """Return the error that the validator of a whole part raises for one property in it."""
    details = InitErrorDetails(
        type="value_error",
        loc=location,
        input=None,
        ctx={"error": error},
    )
    return ValidationError.from_exception_data("", [details], hide_input=True)


class PropertyNames(Protocol):
    """The methods of a model that know the names of its properties."""

    def property_names(self) -> tuple[str, ...]:
        """Return the names that a user may write."""

    def located(self, location: Location) -> tuple[Location, str, Location]:
        """Split the place of a fault into the model's part, the property and the place in it."""

    def written_name(self, part: Location, name: str, written: Mapping[str, object]) -> str:
        """Return the name by which the user wrote, or would write, a property."""


@dataclass(frozen=True)
class Fault:
    """One fault of the properties."""

    root: str
    """The property, as the user wrote it."""
    path: str
    """The place of the fault, which begins with the property's name."""
    message: str
    named: frozenset[str] = frozenset()
    """The other properties that the message mentions."""
    key: tuple[str, str] | None = None
    """The key by which standing.py recognizes the fault; None if it cannot be accepted."""
    unknown: bool = False
    """Whether the type has no such property."""
    reason: Reason = Reason.InvalidProperty

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"

    @property
    def cause(self) -> Cause:
        """Return it with its code."""
        return Cause(self.reason, str(self))


def faults_of(
    error: ValidationError, model: PropertyNames, written: Mapping[str, object]
) -> list[Fault]:
    """Return each fault once: missing properties first, then unknown ones, then wrong values."""
    details = error.errors(include_url=False, include_input=False)
    details.sort(key=lambda detail: _RANK.get(detail["type"], 2))
    around_faults = {detail["loc"][:-1] for detail in details}
    faults: dict[str, Fault] = {}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"] in around_faults:
            continue  # pydantic counts only the items without a fault
        for fault in _faults(detail, model, written):
            faults.setdefault(str(fault), fault)
    return list(faults.values())


def _faults(
    detail: ErrorDetails, model: PropertyNames, written: Mapping[str, object]
) -> list[Fault]:
    location = detail["loc"]
    unknown = detail["type"] == "extra_forbidden"
    parents, name, rest = ((), str(location[0]), ()) if unknown else model.located(location)
    root = model.written_name(parents, name, written)[:NAME_CHARACTERS]
    key = ("", root) if unknown else _key(name, detail)
    named: set[str] = set()

    def other(match: re.Match[str]) -> str:
        named.add(model.written_name(parents, match[1], written))
        return model.written_name(parents, match[1], written)

    return [
        Fault(
            root,
            root + _inside(rest) + where,
            _OTHER_PROPERTY.sub(other, message),
            frozenset(named),
            key,
            unknown,
            getattr(detail.get("ctx", {}).get("error"), "reason", Reason.InvalidProperty),
        )
        for where, message in _messages(detail, root, model).items()
    ]


def _key(name: str, detail: ErrorDetails) -> tuple[str, str] | None:
    """Return the key of a fault, or None if it cannot be accepted."""
    cause = detail.get("ctx", {}).get("error")
    return (name, str(cause)) if getattr(cause, "read", UNREAD) is not UNREAD else None


def _messages(detail: ErrorDetails, root: str, model: PropertyNames) -> Mapping[str, str]:
    context: Mapping[str, Any] = detail.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, WrongPartsError):
        return cause.parts
    match detail["type"]:
        case "missing":
            return {"": "required"}
        case "extra_forbidden":
            return {"": f"no such property{suggestion(root, model.property_names())}"}
        case "too_short":
            return {"": f"needs at least {context['min_length']}"}
        case "value_error":
            return {"": str(cause)}
    return {"": "not of the documented form"}


def _inside(rest: Location) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in rest)
