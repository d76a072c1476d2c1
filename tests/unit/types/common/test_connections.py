"""How many connections a database takes, and what the tasks of a service may open of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.common.connections import LEAST, MOST, RESERVE, Budget, max_connections
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from local.emulator.postgres import capacity as local_capacity
from tests.support.properties.properties_kit import JOINED, SERVICE, faults

HALF_STEPS = st.integers(2, 512).map(lambda number: number / 2)


@pytest.mark.parametrize(
    ("capacity", "documented"),
    [(1, 189), (4, 823), (8, 1669), (16, 3360), (32, 5000), (64, 5000), (128, 5000), (256, 5000)],
)
def test_given_a_documented_capacity_then_product_and_local_aws_know_aws_own_number(
    capacity: float, documented: int
) -> None:
    assert max_connections(1, capacity) == documented
    assert local_capacity.max_connections(1, capacity) == documented


@given(HALF_STEPS, st.sampled_from((0, 0.5, 1)))
def test_given_any_capacity_then_the_product_expects_no_more_than_the_formula_gives(
    highest: float, lowest: float
) -> None:
    expected = max_connections(lowest, highest)
    given_by_formula = local_capacity.max_connections(lowest, highest)
    assert expected <= given_by_formula
    if highest <= 16:
        assert given_by_formula - expected <= 1


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [(0, 16, 2000), (0.5, 16, 2000), (0.5, 256, 2000), (1, 16, 3360), (0, 8, 1669), (0.5, 1, 189)],
)
def test_given_a_minimum_of_half_a_unit_or_none_then_aws_stops_at_2000(
    lowest: float, highest: float, expected: int
) -> None:
    assert max_connections(lowest, highest) == expected
    assert local_capacity.max_connections(lowest, highest) == expected


@given(st.integers(1, 500), st.integers(1, 64), st.integers(1, 6000), st.booleans())
def test_given_any_size_then_a_deployment_and_what_is_kept_back_fit_or_it_says_so(
    tasks: int, workers: int, connections: int, basic_auth: bool
) -> None:
    budget = Budget(tasks, workers, connections, basic_auth)
    pools = 3 if basic_auth else 2
    assert LEAST <= budget.of_a_pool <= MOST
    assert budget.pool_size >= 1
    assert budget.overflow >= 1, "MLflow takes an overflow of 0 for its default of 10"
    needed = 2 * tasks * (2 + pools * workers * budget.of_a_pool) + RESERVE
    assert budget.fits == (needed <= connections)
    least = 2 * tasks * (2 + pools * workers * LEAST) + RESERVE
    assert budget.fits == (least <= connections), "no pool is bigger than the database takes"


@pytest.mark.parametrize(
    ("budget", "pool", "overflow", "clamped"),
    [
        (Budget(1, 1, 189), 7, 8, False),
        (Budget(2, 2, 189), 5, 5, True),
        (Budget(2, 2, 400), 7, 8, False),
        (Budget(10, 2, 189), 1, 1, True),
    ],
)
def test_given_the_usual_sizes_then_these_pools(
    budget: Budget, pool: int, overflow: int, clamped: bool
) -> None:
    assert (budget.pool_size, budget.overflow, budget.clamped) == (pool, overflow, clamped)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (
            Budget(2, 2, 189),
            "2 tasks x (2 + 2 workers x 2 pools x 10) = 84, twice in a deployment: 168 of 189",
        ),
        (
            Budget(1, 1, 189),
            "1 task x (2 + 1 worker x 2 pools x 15) = 32, twice in a deployment: 64 of 189",
        ),
        (
            Budget(2, 2, 189, basic_auth=True),
            "2 tasks x (2 + 2 workers x 3 pools x 6) = 76, twice in a deployment: 152 of 189",
        ),
    ],
)
def test_given_a_budget_then_its_sum_in_words(budget: Budget, words: str) -> None:
    assert budget.words == words


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        (
            {"ServiceMaxCapacity": "40", "ServiceWorkers": "4", "DatabaseMaxCapacity": "1"},
            "ServiceMaxCapacity: 40 tasks x (2 + 4 workers x 2 pools x 2) = 720 connections, twice"
            " that in a deployment, but the database takes 189, 15 of them kept back, at"
            " DatabaseMaxCapacity 1: lower it or ServiceWorkers, or raise DatabaseMaxCapacity",
        ),
        (
            {"ServiceMaxCapacity": "150", "DatabaseMaxCapacity": "32"},
            "ServiceMaxCapacity: 150 tasks x (2 + 2 workers x 2 pools x 2) = 1500 connections,"
            " twice that in a deployment, but the database takes 2000, 15 of them kept back, at"
            " DatabaseMaxCapacity 32: lower it or ServiceWorkers, or raise DatabaseMinCapacity to"
            " 1",
        ),
    ],
)
def test_tasks_that_are_too_many_for_the_database_are_refused_with_the_sum(
    properties: dict[str, Any], told: str
) -> None:
    assert faults(MLflowProperties, JOINED | properties) == (told,)


def test_given_mlflow_asks_for_a_login_then_its_users_pool_counts_too() -> None:
    size = {"ServiceMaxCapacity": "9", "DatabaseMaxCapacity": "1"}
    assert faults(MLflowProperties, JOINED | size | {"ServiceMaxCapacity": "8"}) == ()
    [told] = faults(MLflowProperties, JOINED | size | {"ServiceBasicAuth": "true"})
    assert told.startswith("ServiceMaxCapacity: 9 tasks x (2 + 2 workers x 3 pools x 2) = 126")
    alone = {"MaxCapacity": "9", "BasicAuth": "true"}
    [told] = faults(ServiceProperties, SERVICE | alone)
    assert "9 tasks x (2 + 2 workers x 3 pools x 2) = 126" in told


def test_given_the_capacity_that_the_sum_needs_then_as_many_tasks_are_taken() -> None:
    enough = {"ServiceMaxCapacity": "40", "ServiceWorkers": "4", "DatabaseMaxCapacity": "8"}
    assert faults(MLflowProperties, JOINED | enough) == ()
    much = {"DatabaseMaxCapacity": "32", "DatabaseMinCapacity": "1"}
    assert faults(MLflowProperties, JOINED | {"ServiceMaxCapacity": "150"} | much) == ()


def test_given_another_fault_then_the_sum_is_told_beside_it() -> None:
    wrong = {"ServiceMaxCapacity": "400", "ArtifactBucketVersion": "true", "UniqueName": "-"}
    told = [fault.split(":")[0] for fault in faults(MLflowProperties, JOINED | wrong)]
    assert told == ["ArtifactBucketVersion", "UniqueName"], "no sum of a part that is wrong"
    del wrong["UniqueName"]
    told = [fault.split(":")[0] for fault in faults(MLflowProperties, JOINED | wrong)]
    assert told == [
        "[InvalidProperty] ArtifactBucketVersion",
        "[ConnectionBudgetExceeded] ServiceMaxCapacity",
    ]


def test_given_a_database_made_elsewhere_then_its_number_counts_and_189_by_default() -> None:
    told = (
        "DatabaseMaxConnections: 40 tasks x (2 + 2 workers x 2 pools x 2) = 400 connections, twice"
        " that in a deployment, but the database takes 189, 15 of them kept back: lower MaxCapacity"
        " or Workers, or give the database a higher capacity",
    )
    assert faults(ServiceProperties, SERVICE | {"MaxCapacity": "40"}) == told
    more = {"MaxCapacity": "40", "DatabaseMaxConnections": "823"}
    assert faults(ServiceProperties, SERVICE | more) == ()
