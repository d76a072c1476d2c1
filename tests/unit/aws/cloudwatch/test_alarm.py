"""An alarm on a metric of ours: as asked whatever others do to it, and never another's."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.cloudwatch.alarm import Alarm
from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

pytestmark = pytest.mark.usefixtures("aws")

NAME = "mlflow-schema-abcdefghij"
METRIC = Metric("SchemaDifferences", "mlflow-abcdefghij")


def graph_of(**more: Any) -> Graph:
    graph = Graph()
    graph.add(Alarm(owner(**more), "schema", METRIC, "The schema differs.", None))
    return graph


def alarms() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto("cloudwatch").describe_alarms()["MetricAlarms"]
    return found


def test_alarm_tells_one_value_above_zero_for_a_day() -> None:
    converge(graph_of())
    [alarm] = alarms()
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 24 * 3600
    assert (alarm["DatapointsToAlarm"], alarm["Statistic"]) == (1, "Maximum")


def test_alarm_whose_actions_somebody_disabled_is_put_as_asked() -> None:
    converge(graph_of())
    boto("cloudwatch").disable_alarm_actions(AlarmNames=[NAME])
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == ["PutMetricAlarm"]
    assert alarms()[0]["ActionsEnabled"] is True


def test_alarm_with_another_tag_alone_is_tagged_and_not_put_again() -> None:
    converge(graph_of(user_tags={"team": "a"}))
    with watched() as calls:
        converge(graph_of(user_tags={"cost": "b"}))
    assert calls.writes == ["UntagResource", "TagResource"]
    found = boto("cloudwatch").list_tags_for_resource(ResourceARN=alarms()[0]["AlarmArn"])["Tags"]
    tags = {tag["Key"]: tag["Value"] for tag in found}
    assert (tags["cost"], "team" in tags) == ("b", False)


def test_alarm_of_somebody_elses_with_its_name_is_left_as_it_is() -> None:
    boto("cloudwatch").put_metric_alarm(
        AlarmName=NAME,
        Namespace="theirs",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    with pytest.raises(PermanentError, match="schema alarm is there already"):
        converge(graph_of())
    remove(graph_of())
    assert [alarm["Namespace"] for alarm in alarms()] == ["theirs"]
