"""Numbers, which CloudFormation sends as strings."""

from __future__ import annotations

import re
from typing import Annotated

from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.rules import WORDS, ValueRule

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The days that CloudWatch Logs accepts (PutRetentionPolicy)."""

_WHOLE_NUMBER = "must be a whole number"
_NUMBER = "must be a number"

_DIGITS = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def read_number(value: object) -> float:
    """Return a decimal number; CloudFormation sends it as a string."""
    text = "" if isinstance(value, bool) else str(value)
    if not isinstance(value, int | float | str) or not _DECIMAL.fullmatch(text):
        raise WrongValueError(_NUMBER)
    return float(text)


def read_integer(value: object) -> int:
    """Return a whole number; CloudFormation sends it as a string."""
    text = "" if isinstance(value, bool) else str(value)
    if not isinstance(value, int | str) or not _DIGITS.fullmatch(text):
        raise WrongValueError(_WHOLE_NUMBER)
    return int(text)


def integer(lowest: int, highest: int) -> ValueRule:
    """Return the rule of a whole number from `lowest` to `highest`, both included."""

    def read(value: object) -> int:
        number = read_integer(value)
        if not lowest <= number <= highest:
            raise WrongValueError(f"must be {lowest} to {highest}", number)
        return number

    return ValueRule(
        read, {"type": "integer", "minimum": lowest, "maximum": highest, WORDS: _WHOLE_NUMBER}
    )


def integer_of(*allowed: int) -> ValueRule:
    """Return the rule of a whole number that is one of the allowed ones."""
    must = f"must be one of {', '.join(map(str, allowed))}"

    def read(value: object) -> int:
        number = read_integer(value)
        if number not in allowed:
            raise WrongValueError(must, number)
        return number

    return ValueRule(read, {"type": "integer", "enum": list(allowed), WORDS: must})


def half_steps(lowest: float, highest: float) -> ValueRule:
    """Return the rule of a number from `lowest` to `highest`, in steps of 0.5."""

    def read(value: object) -> float:
        number = read_number(value)
        if not lowest <= number <= highest or number * 2 % 1:
            raise WrongValueError(f"must be {lowest:g} to {highest:g} in steps of 0.5", number)
        return number

    limits = {"minimum": lowest, "maximum": highest, "multipleOf": 0.5}
    return ValueRule(read, {"type": "number", **limits, WORDS: _NUMBER})


LogRetention = Annotated[int, integer_of(*LOG_RETENTION_DAYS)]
