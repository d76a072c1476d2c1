"""A rule that invokes a function of the provider on a schedule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.events.rule import Rule, function_arn
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove

NAME = "mlflow-schema-abcdefghij"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-MLflowSchema:operator"
EVENT = {"Check": {"ClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow"}}


def graph_of(
    expression: str = "rate(1 day)", event: Any = EVENT, *, wanted: bool = True, **more: Any
) -> Graph:
    graph = Graph()
    rule = Rule(owner(**more), "schema", expression, function_arn(owner(), "MLflowSchema"), event)
    (graph.add if wanted else graph.without)(rule)
    return graph


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto("events").list_rules()["Rules"]
    return found


def targets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto("events").list_targets_by_rule(Rule=NAME)["Targets"]
    return found


def tags() -> dict[str, str]:
    arn = boto("events").describe_rule(Name=NAME)["Arn"]
    found = boto("events").list_tags_for_resource(ResourceARN=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_given_a_schedule_then_an_enabled_rule_with_the_function_and_its_event(aws: None) -> None:
    converge(graph_of())
    [rule] = rules()
    assert (rule["Name"], rule["ScheduleExpression"]) == (NAME, "rate(1 day)")
    assert rule["State"] == "ENABLED"
    [target] = targets()
    assert (target["Arn"], json.loads(target["Input"])) == (FUNCTION, EVENT)
    assert target["RoleArn"] == "arn:aws:iam::123456789012:role/cfn-mlflow-rules-eu-west-1"
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 2
    assert tags()["cfn-mlflow:owner"] == owner().tag


def test_given_it_is_made_then_it_carries_its_tags_from_that_call(aws: None) -> None:
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == ["PutRule", "PutTargets"]


def test_given_it_is_there_then_a_second_time_writes_nothing(aws: None) -> None:
    converge(graph_of())
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == []


def test_given_another_schedule_event_and_tag_then_it_changes_in_place(aws: None) -> None:
    converge(graph_of())
    converge(graph_of("cron(0 6 * * ? *)", {"Check": {}}, user_tags={"team": "a"}))
    assert [rule["ScheduleExpression"] for rule in rules()] == ["cron(0 6 * * ? *)"]
    assert [target["Input"] for target in targets()] == ['{"Check": {}}']
    assert tags()["team"] == "a"


def test_given_somebody_disabled_it_or_added_a_target_then_that_is_put_right(aws: None) -> None:
    converge(graph_of())
    boto("events").disable_rule(Name=NAME)
    boto("events").put_targets(Rule=NAME, Targets=[{"Id": "theirs", "Arn": f"{FUNCTION}2"}])
    converge(graph_of())
    assert [rule["State"] for rule in rules()] == ["ENABLED"]
    assert [target["Id"] for target in targets()] == ["function"]


def test_rule_of_before_without_a_role_gets_role_and_alias_by_an_update(
    aws: None,
) -> None:
    converge(graph_of())
    former = {"Id": "function", "Arn": FUNCTION.removesuffix(":operator")}
    boto("events").put_targets(Rule=NAME, Targets=[{**former, "Input": json.dumps(EVENT)}])
    converge(graph_of())
    [target] = targets()
    assert target["Arn"] == FUNCTION
    assert target["RoleArn"].endswith(":role/cfn-mlflow-rules-eu-west-1")


def test_given_it_is_turned_off_or_its_resource_goes_then_the_rule_goes(aws: None) -> None:
    converge(graph_of())
    converge(graph_of(wanted=False))
    assert rules() == []
    converge(graph_of())
    remove(graph_of())
    assert rules() == []


def test_given_a_rule_of_somebody_elses_with_its_name_then_it_is_left_as_it_is(aws: None) -> None:
    boto("events").put_rule(Name=NAME, ScheduleExpression="rate(5 minutes)")
    with pytest.raises(PermanentError, match="schema schedule is there already"):
        converge(graph_of())
    remove(graph_of())
    assert [rule["ScheduleExpression"] for rule in rules()] == ["rate(5 minutes)"]
