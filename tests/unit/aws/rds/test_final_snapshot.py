"""What a cluster's deletion leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import (
    CLUSTER,
    NOTHING,
    Properties,
    cluster,
    everything,
    graph,
    snapshots,
    tags,
)
from tests.support.objects.service_kit import boto, converge, owner, remove


@pytest.fixture
def asked(aurora: Aurora, vpc: dict[str, Any]) -> Properties:
    """The required properties."""
    return {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"]}


def test_given_a_complete_database_then_one_snapshot_stays_and_nobody_owns_it(
    asked: Properties, caplog: pytest.LogCaptureFixture
) -> None:
    converge(graph(asked))
    resource_id = cluster()["DbClusterResourceId"].lower()
    remove(graph(asked))
    [left] = snapshots()
    assert left["DBClusterSnapshotIdentifier"] == f"{CLUSTER}-final-{resource_id}"
    assert len(left["DBClusterSnapshotIdentifier"]) <= 255
    found = tags(left)
    assert found["cfn-mlflow:left-by"] == owner().tag
    assert not {"cfn-mlflow:owner", "cfn-mlflow:complete"} & found.keys()
    assert left["DBClusterSnapshotIdentifier"] in caplog.text
    assert everything() == NOTHING


def test_given_it_is_to_be_skipped_then_no_snapshot_stays(asked: Properties) -> None:
    converge(graph(asked))
    remove(graph(asked, SkipFinalSnapshot="true"))
    assert snapshots() == []
    assert everything() == NOTHING


def test_given_a_create_that_never_completed_then_no_snapshot_stays(asked: Properties) -> None:
    converge(graph(asked))
    boto("rds").remove_tags_from_resource(
        ResourceName=cluster()["DBClusterArn"], TagKeys=["cfn-mlflow:complete"]
    )
    remove(graph(asked))
    assert snapshots() == []
    assert everything() == NOTHING


def test_given_a_snapshot_of_that_name_then_the_next_name_is_taken(asked: Properties) -> None:
    converge(graph(asked))
    name = f"{CLUSTER}-final-{cluster()['DbClusterResourceId'].lower()}"
    boto("rds").create_db_cluster_snapshot(
        DBClusterIdentifier=CLUSTER, DBClusterSnapshotIdentifier=name
    )
    remove(graph(asked))
    names = sorted(each["DBClusterSnapshotIdentifier"] for each in snapshots())
    assert names == [name, f"{name}-2"]
    assert not any("cfn-mlflow:owner" in tags(each) for each in snapshots())
