"""The task definition of the migration: each revision is one attempt."""

from __future__ import annotations

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.give_up import give_up
from tests.support.beside_moto.fargate import Fargate
from tests.support.graphs.upgrade_kit import Properties, graph_of, newer, older
from tests.support.objects.service_kit import converge

__all__ = ["newer", "older"]


def test_given_the_time_is_up_before_the_migration_then_the_next_attempt_looks_anew(
    fargate: Fargate, newer: Properties
) -> None:
    looks, fargate.looks_to_end = len(fargate.runs_for("inspect")), 5
    convergence = Convergence(graph_of(newer), explain)
    while len(fargate.runs_for("inspect")) == looks:
        convergence.step()
    give_up(graph_of(newer), explain)
    fargate.inspection_ends.append(fargate.inspection_ends[-1])
    converge(graph_of(newer))
    assert len(fargate.runs_for("inspect")) == looks + 2, "so its snapshot is of then, too"
