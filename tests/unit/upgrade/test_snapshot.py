"""The snapshot before a migration: one for each look at data, nobody's from its first call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.reason import Reason
from cfn_mlflow.upgrade.inspection_task import InspectionView
from cfn_mlflow.upgrade.snapshot import MigrationSnapshot, SnapshotView
from tests.support.codes import failing
from tests.support.graphs.rehearsal_kit import BEHIND, EMPTY, HEAD, LAUNCHER, LOOK, make_source
from tests.support.objects.database_kit import snapshots
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import converge, owner, remove


def graph_of(cluster_arn: str, inspected: InspectionView = BEHIND) -> Graph:
    graph = Graph()
    graph.add(MigrationSnapshot(LAUNCHER, inspected, cluster_arn))
    return graph


def test_snapshot_is_named_for_its_migration_and_stays_as_nobodys(
    vpc: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    converge(graph_of(make_source(vpc)))
    remove(graph_of("arn:aws:rds:eu-west-1:123456789012:cluster:source"))
    [found] = snapshots()
    name = found["DBClusterSnapshotIdentifier"]
    assert name == f"mlflow-before-{HEAD}-01234567-abcdefghij"
    tags = tag_map(found["TagList"])
    assert tags["cfn-mlflow:left-by"] == owner().tag
    assert not owner().owns(tags)
    assert f" {name} " in caplog.text


def test_snapshot_is_taken_once_for_a_look_and_anew_for_the_next_one(vpc: dict[str, Any]) -> None:
    source = make_source(vpc)
    converge(graph_of(source))
    with watched() as calls:
        converge(graph_of(source))
    assert calls.writes == []
    later = replace(LOOK, arn=LOOK.arn.replace("0123", "fedc"))
    converge(graph_of(source, replace(BEHIND, runs=(later,))))
    assert len(snapshots()) == 2


@pytest.mark.parametrize(("arn", "inspected"), [("source", EMPTY), ("", BEHIND)])
@pytest.mark.usefixtures("aws")
def test_database_without_data_or_without_a_known_cluster_gets_no_snapshot(
    arn: str, inspected: InspectionView
) -> None:
    with watched() as calls:
        converge(graph_of(arn, inspected))
    assert calls.made == []


def test_snapshot_under_way_is_waited_for_and_one_that_failed_is_named() -> None:
    snapshot = MigrationSnapshot(LAUNCHER, BEHIND, "source")
    under_way = snapshot.compare(Observation(SnapshotView("s", "creating", 40)))
    assert under_way.not_ready == "creating, 40 %"
    with failing(Reason.SnapshotFailed, match=r"s failed\. Look at its events in RDS"):
        snapshot.compare(Observation(SnapshotView("s", "failed", 40)))
