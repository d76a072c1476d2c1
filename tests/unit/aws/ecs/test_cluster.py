"""The cluster."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.eventual_consistency import LOOKS
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError, TemporaryError
from tests.unit.support.kill_points import watched
from tests.unit.support.service_kit import boto, converge, owner, remove

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
    view = cluster.read()
    assert view is not None
    with Stubber(session.client("ecs")) as ecs:
        ecs.add_client_error("delete_cluster", "ClusterContainsTasksException", "tasks")
        with pytest.raises(TemporaryError, match="its last tasks are stopping"):
            cluster.delete(view)


def test_given_an_account_without_the_service_linked_role_then_it_is_waited_for_but_not_for_ever(
    aws: None,
) -> None:
    cluster = Cluster(owner())
    with Stubber(session.client("ecs")) as ecs:
        for _ in range(LOOKS + 1):
            ecs.add_client_error(
                "create_cluster",
                "InvalidParameterException",
                "Unable to assume the service linked role. Please verify that it exists.",
            )
        for _ in range(LOOKS):
            with pytest.raises(TemporaryError, match="does not know yet what was just made"):
                cluster.create()
        graph = Graph()
        graph.add(cluster)
        with pytest.raises(Exception, match="Unable to assume") as raised:
            cluster.create()
        assert not isinstance(raised.value, TemporaryError)


def test_given_a_cluster_that_failed_then_what_to_do(aws: None) -> None:
    converge(graph_of())
    view = Cluster(owner()).read()
    assert view is not None
    failed = type(view)(view.arn, view.name, "FAILED", view.tags)
    with pytest.raises(PermanentError, match="Delete it, then deploy again"):
        Cluster(owner()).busy(failed)
