"""The size of the tasks, their workers and their logs."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import SERVICE, faults

DIGEST = "@sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("cpu", "memory", "workers"),
    [("256", "1024", 1), ("1024", "2048", 1), ("2048", "4096", 2), ("16384", "32768", 4)],
)
def test_given_a_size_then_the_workers_go_with_its_cpus(
    cpu: str, memory: str, workers: int
) -> None:
    sized = SERVICE | {"Cpu": cpu, "Memory": memory}
    assert parse(ServiceProperties, sized).workers == workers
    assert parse(ServiceProperties, sized | {"Workers": "2"}).workers == 2


@pytest.mark.parametrize("days", ["2", "91", "0", "3654"])
def test_given_days_that_cloudwatch_does_not_take_then_those_it_does_are_named(days: str) -> None:
    (told,) = faults(ServiceProperties, SERVICE | {"LogRetentionInDays": days})
    assert told.startswith("LogRetentionInDays: must be one of 1, 3, 5, 7, 14, 30, 60, 90, ")
