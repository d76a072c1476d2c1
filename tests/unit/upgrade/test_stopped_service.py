"""The old tasks: stopped while the schema moves, and started again on every path."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.autoscaling.suspension import SUSPENSIONS
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.outcome import PermanentError
from tests.support.beside_moto.fargate import End, Fargate, checked, migrated
from tests.support.graphs.upgrade_kit import (
    NAME,
    OLDER,
    Properties,
    desired,
    graph_of,
    is_as_before,
    newer,
    older,
    suspended,
)
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.service_kit import HEAD, converge

__all__ = ["newer", "older"]


def test_old_tasks_stand_still_while_revisions_run_and_all_come_back(
    fargate: Fargate, newer: Properties
) -> None:
    seen: list[tuple[int, set[str]]] = []

    def look() -> None:
        seen.append((len(fargate.servers(NAME)), suspended()))

    fargate.on_migration = look
    given = converge(graph_of(newer))
    assert seen == [(0, set(SUSPENSIONS))]
    assert is_as_before(fargate)
    assert given["SchemaRevision"] == HEAD
    assert given["SchemaMigrations"].split(",")[-1] == HEAD


def test_given_nothing_pending_then_the_old_tasks_run_on(
    fargate: Fargate, newer: Properties
) -> None:
    fargate.inspection_ends[-1] = migrated(OLDER, "current", **{"from": OLDER})
    counts: list[int] = []
    fargate.after_update = lambda: counts.append(desired(fargate))
    given = converge(graph_of(newer))
    assert set(counts) == {3}
    assert len(fargate.migrations) == 1
    assert given["SchemaMigrations"] == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"migration_ends": [End(1, "boom")]}, "migration task: "),
        ({"server_ends": lambda _: End(1, "boom")}, "ECS service: "),
        ({"check_ends": [checked("10.0.0.1:5000 answers 503")]}, "deep check: 10.0.0.1"),
    ],
    ids=["migration", "rollout", "deep check"],
)
def test_giving_up_after_a_failure_at_any_step_puts_count_and_scaling_back(
    fargate: Fargate,
    newer: Properties,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    words: str,
) -> None:
    monkeypatch.setattr("cfn_mlflow.upgrade.image_task.SECONDS_FOR_THE_LOG", -1)
    for name, value in change.items():
        setattr(fargate, name, value if callable(value) else [*getattr(fargate, name)[:1], *value])
    with pytest.raises(PermanentError, match=words):
        converge(graph_of(newer))
    give_up(graph_of(newer), explain)
    assert is_as_before(fargate)


def test_given_a_failure_while_tasks_are_stopping_then_giving_up_starts_them_again(
    fargate: Fargate, newer: Properties
) -> None:
    while desired(fargate):
        with watched(last_write=1), pytest.raises(Killed):
            converge(graph_of(newer))
    assert not is_as_before(fargate)
    give_up(graph_of(newer), explain)
    assert is_as_before(fargate)


def test_given_a_migration_that_runs_on_then_giving_up_starts_no_old_task_beside_it(
    fargate: Fargate, newer: Properties
) -> None:
    fargate.looks_to_end = 5
    convergence = Convergence(graph_of(newer), explain)
    while len(fargate.migrations) < 2:
        convergence.step()
    give_up(graph_of(newer), explain)
    assert desired(fargate) == 0
    assert suspended() == set(SUSPENSIONS)
