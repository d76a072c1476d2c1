"""A schedule as EventBridge takes it: every fault of it is told before the first AWS call."""

from __future__ import annotations

import pytest

from cfn_mlflow.models.base import parse
from cfn_mlflow.models.faults import WrongValueError
from cfn_mlflow.models.mlflow_server import MLflowProperties
from cfn_mlflow.models.schedule import read_schedule
from cfn_mlflow.outcome import InvalidProperties


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minute)",
        "rate(30 days)",
        "rate(12 hours)",
        "cron(0 3 1 * ? *)",
        "cron(0/15 8-17 ? * MON-FRI *)",
        "cron(30 2 L * ? 2026-2030)",
        "cron(0 4 ? * 6#1 *)",
        "cron(0 4 ? JAN,JUL SUN *)",
        "cron(0 4 15W 1/3 ? *)",
        "cron(5,35 0 ? * 2L *)",
    ],
)
def test_given_what_event_bridge_takes_then_it_is_taken(schedule: str) -> None:
    assert read_schedule(schedule) == schedule


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("every month", "must be like"),
        ("rate(30)", "must be like"),
        ("rate(1 days)", "must be like"),
        ("rate(2 day)", "must be like"),
        ("rate(0 days)", "must be like"),
        ("rate(30 days) ", "must be like"),
        ("at(2026-11-01T00:00:00)", "must be like"),
        ("cron(0 3 1 * ?)", "has six fields"),
        ("cron(0  3 1 * ? *)", "has six fields"),
        ("cron(60 3 1 * ? *)", "the minutes of cron"),
        ("cron(0 24 1 * ? *)", "the hours of cron"),
        ("cron(0 3 32 * ? *)", "the day of the month of cron"),
        ("cron(0 3 1 13 ? *)", "the month of cron"),
        ("cron(0 3 ? * 8 *)", "the day of the week of cron"),
        ("cron(0 3 ? * MONDAY *)", "the day of the week of cron"),
        ("cron(0 3 1 * ? 1969)", "the year of cron"),
        ("cron(0 3-4-5 1 * ? *)", "the hours of cron"),
        ("cron(0/0 3 1 * ? *)", "the minutes of cron"),
        ("cron(? 3 1 * ? *)", "the minutes of cron"),
        ("cron(0 3 1 * * *)", "one must be ?"),
        ("cron(0 3 ? * ? *)", "one must be ?"),
        (7, "must be a single string"),
    ],
)
def test_given_what_event_bridge_refuses_then_the_fault_says_what(
    schedule: object, words: str
) -> None:
    with pytest.raises(WrongValueError) as fault:
        read_schedule(schedule)
    assert words in str(fault.value)


def test_given_it_is_wrong_in_custom_mlflow_then_it_is_told_by_the_name_there() -> None:
    asked = {
        "VpcId": "vpc-1",
        "SubnetIds": ["subnet-a", "subnet-b"],
        "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
        "DatabaseRotationSchedule": "monthly",
    }
    with pytest.raises(InvalidProperties, match="DatabaseRotationSchedule: must be like rate"):
        parse(MLflowProperties, asked)
