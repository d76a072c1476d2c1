"""The cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

NAME = "mlflow-abcdefghij"


def graph_of() -> Graph:
    graph = Graph()
    graph.add(Cluster(owner()))
    return graph


def test_given_a_cluster_that_was_deleted_then_it_counts_as_absent(aws: None) -> None:
    converge(graph_of())
    remove(graph_of())
    [shown] = boto("ecs").describe_clusters(clusters=[NAME])["clusters"]
    assert shown["status"] == "INACTIVE"
    converge(graph_of())
    [again] = boto("ecs").describe_clusters(clusters=[NAME])["clusters"]
    assert again["status"] == "ACTIVE"
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == []


def test_given_tasks_that_still_stop_then_the_deletion_is_tried_again(aws: None) -> None:
    cluster = Cluster(owner())
    converge(graph_of())
    found = cluster.observe()
    assert found is not None
    with Stubber(session.client("ecs")) as ecs:
        ecs.add_client_error("delete_cluster", "ClusterContainsTasksException", "tasks")
        with pytest.raises(TemporaryError, match="its last tasks are stopping"):
            cluster.delete(found.view)


def test_given_a_cluster_that_failed_then_what_to_do(aws: None) -> None:
    converge(graph_of())
    found = Cluster(owner()).observe()
    assert found is not None
    failed = replace(found, view=replace(found.view, status="FAILED"))
    with failing(Reason.NotCreated, match="Delete it, then deploy again"):
        Cluster(owner()).compare(failed)
