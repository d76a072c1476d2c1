"""The tasks' log group."""

from __future__ import annotations

import time

from cfn_mlflow.aws.logs.log_group import LogGroup, last_lines
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

NAME = "/aws/ecs/mlflow-abcdefghij"


def graph_of(days: int = 30) -> Graph:
    graph = Graph()
    graph.add(LogGroup(owner(), days))
    return graph


def test_given_a_log_group_then_retention_changes_in_place(aws: None) -> None:
    boto("logs").create_log_group(logGroupName=f"{NAME}-of-somebody")
    converge(graph_of())
    converge(graph_of(7))
    found = boto("logs").describe_log_groups(logGroupNamePrefix=NAME)["logGroups"]
    assert {g["logGroupName"]: g.get("retentionInDays") for g in found} == {
        NAME: 7,
        f"{NAME}-of-somebody": None,
    }
    with watched() as calls:
        converge(graph_of(7))
    assert calls.writes == []
    remove(graph_of())
    left = boto("logs").describe_log_groups(logGroupNamePrefix=NAME)["logGroups"]
    assert [group["logGroupName"] for group in left] == [f"{NAME}-of-somebody"]


def test_given_a_stream_then_its_last_lines_oldest_first_and_none_without_one(aws: None) -> None:
    converge(graph_of())
    logs = boto("logs")
    assert last_lines(NAME, "mlflow/mlflow/1", 2) == []
    logs.create_log_stream(logGroupName=NAME, logStreamName="mlflow/mlflow/1")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n, "message": f"line {n}\n"} for n in range(3)]
    logs.put_log_events(logGroupName=NAME, logStreamName="mlflow/mlflow/1", logEvents=events)
    assert last_lines(NAME, "mlflow/mlflow/1", 2) == ["line 1", "line 2"]
