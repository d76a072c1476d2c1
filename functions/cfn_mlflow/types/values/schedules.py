"""Schedule expressions of EventBridge, checked before EventBridge refuses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.rules import WORDS, ValueRule, read_text

NEVER = "none"
"""The value that turns a schedule off. An empty property would mean the default."""

_RATE = re.compile(r"rate\(([1-9][0-9]{0,5}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FORMS = "must be rate(1 day), cron(0 6 * * ? *) or the like"


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Names for the numbers from `low` on."""
    special: str = r"(?!)"
    """A pattern of further values that this field accepts."""

    def takes(self, text: str) -> bool:
        return bool(text) and all(self._takes_item(item) for item in text.split(","))

    def _takes_item(self, item: str) -> bool:
        if re.fullmatch(self.special, item):
            return all(self.low <= int(number) <= self.high for number in re.findall(r"\d+", item))
        base, slash, step = item.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            return False
        ends = base.split("-") if base != "*" else []
        return len(ends) <= 2 and all(self._takes_value(end) for end in ends)

    def _takes_value(self, value: str) -> bool:
        if value.upper() in self.names:
            return True
        return value.isdecimal() and self.low <= int(value) <= self.high


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day of month", 1, 31, special=r"\?|L|LW|\d{1,2}W"),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 1, 7, _DAYS, special=r"\?|L|[1-7]L|[1-7]#[1-5]"),
    _Field("year", 1970, 2199),
)


def schedule_fault(text: str) -> str:
    """Return what is wrong with an expression, or an empty text if EventBridge accepts it."""
    rate = _RATE.fullmatch(text)
    if rate:
        several = int(rate[1]) > 1
        unit = f"{rate[2]}{'s' if several else ''}"
        return "" if several == bool(rate[3]) else f"must be written rate({rate[1]} {unit})"
    cron = _CRON.fullmatch(text)
    return _cron_fault(cron[1].split(" ")) if cron else FORMS


def _cron_fault(parts: list[str]) -> str:
    if len(parts) != len(_FIELDS):
        return "cron(...) has six fields: minutes, hours, day of month, month, day of week, year"
    wrong = [
        field.name for field, part in zip(_FIELDS, parts, strict=True) if not field.takes(part)
    ]
    if wrong:
        return f"cron(...) does not take its {', '.join(wrong)}"
    if (parts[2] == "?") == (parts[4] == "?"):
        return "cron(...) has a ? as its day of month or its day of week, and in one of them only"
    return ""


def read_schedule(value: object) -> str:
    """Return a schedule of EventBridge, or NEVER. Raises WrongValueError for any other value."""
    expression = read_text(value)
    fault = "" if expression == NEVER else schedule_fault(expression)
    if fault:
        raise WrongValueError(f"{fault}; {NEVER} turns it off", expression)
    return expression


Schedule = Annotated[
    str,
    ValueRule(
        read_schedule,
        {
            "type": "string",
            "pattern": rf"^({NEVER}|rate\([0-9]+ [a-z]+\)|cron\([^()]+\))$",
            WORDS: f"{FORMS}; {NEVER} turns it off",
        },
    ),
]
