"""When something recurs, as EventBridge writes it: `rate(30 days)` or `cron(0 3 1 * ? *)`."""

from __future__ import annotations

import re
from typing import Annotated

from cfn_mlflow.models.faults import WrongValueError
from cfn_mlflow.models.values import Rule, read_text

_RATE = re.compile(
    r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d{1,4}) (?:minutes|hours|days))\)"
)
_CRON = re.compile(r"cron\(([^()]*)\)")

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day of the month", 1, 31, (), r"\?|L|LW|(?:[1-9]|[12]\d|3[01])W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of the week", 1, 7, _DAYS, r"\?|L|(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])"),
    ("year", 1970, 2199, (), ""),
)
"""Of a cron expression: each field's name, bounds, names of values, and what else it may be."""


def read_schedule(value: object) -> str:
    """Return a schedule expression that EventBridge takes; times of a `cron(...)` are in UTC."""
    schedule = read_text(value)
    cron = _CRON.fullmatch(schedule)
    if cron:
        _check_cron(cron[1].split(" "))
    elif not _RATE.fullmatch(schedule):
        raise WrongValueError("must be like rate(30 days), rate(1 day) or cron(0 3 1 * ? *)")
    return schedule


def _check_cron(fields: list[str]) -> None:
    if len(fields) != len(_FIELDS):
        raise WrongValueError(
            "cron(...) has six fields with one space between: minutes, hours, day of the month,"
            " month, day of the week, year"
        )
    for text, (name, lowest, highest, names, others) in zip(fields, _FIELDS, strict=True):
        if not re.fullmatch(others or r"(?!)", text) and not all(
            _is_part(part, lowest, highest, names) for part in text.split(",")
        ):
            raise WrongValueError(f"the {name} of cron(...) cannot be that")
    if [fields[2], fields[4]].count("?") != 1:
        raise WrongValueError(
            "of the day of the month and the day of the week in cron(...), one must be ?"
        )


def _is_part(part: str, lowest: int, highest: int, names: tuple[str, ...]) -> bool:
    """Tell whether it is `*`, a value or a range, each also with a step."""
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and 1 <= int(step) <= highest):
        return False
    ends = ["*"] if span == "*" else span.split("-")
    if ends == ["*"]:
        return True
    numbers = [_number(end, lowest, names) for end in ends]
    return len(numbers) <= 2 and all(
        number is not None and lowest <= number <= highest for number in numbers
    )


def _number(text: str, lowest: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + lowest
    return int(text) if re.fullmatch(r"\d{1,4}", text) else None


Schedule = Annotated[
    str, Rule(read_schedule, {"type": "string", "pattern": r"^(rate|cron)\([^()]+\)$"})
]
