"""Schedules: given an expression that EventBridge refuses, then it is refused before any call."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.values import schedules
from cfn_mlflow.types.values.schedules import NEVER


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 hour)",
        "rate(7 days)",
        "cron(0 6 * * ? *)",
        "cron(15 10 ? * 6L 2026-2030)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(0 8 1,15 * ? *)",
        "cron(0 8 LW JAN,jul ? *)",
        "cron(0 8 3W * ? *)",
        "cron(0 8 ? * 2#1 *)",
        "cron(*/10 * * * ? *)",
        NEVER,
    ],
)
def test_given_a_schedule_that_eventbridge_takes_then_it_is_kept_as_it_is(expression: str) -> None:
    assert schedules.read_schedule(expression) == expression


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("daily", r"must be rate\(1 day\)"),
        ("rate(1 days)", r"must be written rate\(1 day\)"),
        ("rate(2 day)", r"must be written rate\(2 days\)"),
        ("rate(0 days)", "must be rate"),
        ("rate(0.5 days)", "must be rate"),
        ("rate(1 week)", "must be rate"),
        ("cron(0 6 * * *)", "six fields"),
        ("cron(0 6 * * * *)", "a [?] as"),
        ("cron(0 6 ? * ? *)", "a [?] as"),
        ("cron(60 6 * * ? *)", "minutes"),
        ("cron(0 24 * * ? 1969)", "hours, year"),
        ("cron(0 6 32W * ? *)", "day of month"),
        ("cron(0 6 ? * 0 *)", "day of week"),
        ("cron(0 6 ? * MON#6 *)", "day of week"),
        ("cron(0/0 6 ? * MON *)", "minutes"),
        ("cron(1-2-3 6 ? * MON *)", "minutes"),
        ("cron(0  6 * * ? *)", "six fields"),
        ("at(2026-01-01T00:00:00)", "must be rate"),
    ],
)
def test_given_one_that_it_does_not_take_then_it_is_refused_in_words(
    expression: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        schedules.read_schedule(expression)
    assert "none turns it off" in str(raised.value)


@pytest.mark.parametrize("value", [1, True, None, ["rate(1 day)"], {}])
def test_given_what_is_no_string_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be a single string"):
        schedules.read_schedule(value)
