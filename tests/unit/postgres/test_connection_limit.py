"""How many connections the database takes."""

from __future__ import annotations

import pytest

from tests.support.beside_moto.aurora import CONNECTIONS
from tests.support.objects.database_kit import Properties, asked, graph
from tests.support.objects.service_kit import converge

__all__ = ["asked"]


@pytest.mark.parametrize(("capacity", "expected"), [("1", "189"), ("2", str(CONNECTIONS))])
def test_given_a_capacity_then_the_fewer_of_what_runs_and_what_a_reboot_brings(
    asked: Properties, capacity: str, expected: str
) -> None:
    assert converge(graph(asked, MaxCapacity=capacity))["MaxConnections"] == expected
