"""The clone for a rehearsal: in the network of its source, and gone after it or a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.upgrade.inspection_task import InspectionView
from cfn_mlflow.upgrade.rehearsal_clone import RehearsalClone, RehearsalRemains
from tests.support.graphs.rehearsal_kit import BEHIND, EMPTY, make_source
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

CLONE = "mlflow-rehearsal-abcdefghij"


def clone(source: str, inspected: InspectionView = BEHIND) -> RehearsalClone:
    return RehearsalClone(owner(), inspected, source)


def graph_of(node: Any) -> Graph:
    graph = Graph()
    graph.add(node)
    return graph


def clusters() -> dict[str, Any]:
    found = boto("rds").describe_db_clusters()["DBClusters"]
    return {one["DBClusterIdentifier"]: one for one in found}


def instances() -> list[str]:
    found = boto("rds").describe_db_instances()["DBInstances"]
    return [one["DBInstanceIdentifier"] for one in found]


def test_clone_of_data_that_is_to_be_moved_stands_in_its_sources_network(
    vpc: dict[str, Any],
) -> None:
    source = make_source(vpc)
    with watched() as calls:
        converge(graph_of(clone(source)))
    assert calls.writes == ["RestoreDBClusterToPointInTime", "CreateDBInstance"]
    made, of = clusters()[CLONE], clusters()["source"]
    for same in ("DBSubnetGroup", "DBClusterParameterGroup", "VpcSecurityGroups"):
        assert made[same] == of[same]
    assert instances() == [f"{CLONE}-1"]


@pytest.mark.usefixtures("aws")
def test_database_without_data_is_not_cloned() -> None:
    with watched() as calls:
        converge(graph_of(clone("arn:source", EMPTY)))
    assert calls.made == []


def test_clone_goes_with_its_instance_when_it_is_not_needed_or_the_whole_fails(
    vpc: dict[str, Any],
) -> None:
    source = make_source(vpc)
    ends: list[Callable[[], None]] = [
        lambda: remove(Graph.of_old([RehearsalRemains(owner())])),
        clone(source).give_up,
    ]
    for end in ends:
        converge(graph_of(clone(source)))
        end()
        assert (set(clusters()), instances()) == ({"source"}, [])


def test_cluster_of_that_name_that_is_somebody_elses_is_neither_used_nor_removed(
    vpc: dict[str, Any],
) -> None:
    source = make_source(vpc)
    boto("rds").create_db_cluster(
        DBClusterIdentifier=CLONE,
        Engine="aurora-postgresql",
        MasterUsername="theirs",
        MasterUserPassword="a-password-of-a-test",
    )
    with pytest.raises(PermanentError, match="clone for the rehearsal is there already"):
        converge(graph_of(clone(source)))
    clone(source).give_up()
    remove(Graph.of_old([RehearsalRemains(owner())]))
    assert set(clusters()) == {"source", CLONE}
