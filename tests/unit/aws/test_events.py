"""The rule of a schedule: made with its tags, changed in place, gone with its property."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.events import ScheduleRule
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from tests.unit.support.kill_points import dying_behind_every_write, watched
from tests.unit.support.service_kit import ACCOUNT, REGION, boto, converge, owner, remove

pytestmark = pytest.mark.usefixtures("aws")
NAME = "mlflow-rotation-abcdefghij"


def rule(schedule: str = "rate(30 days)", **more: Any) -> ScheduleRule:
    return ScheduleRule(
        owner(**more),
        part="rotation",
        description="A test's",
        schedule=schedule,
        function="cfn-mlflow-Rotation",
        event={"DatabaseClusterId": 'odd "name'},
    )


def graph(made: ScheduleRule | None = None) -> Graph:
    found = Graph()
    found.add(made or rule())
    return found


def described() -> dict[str, Any]:
    return dict(boto("events").describe_rule(Name=NAME))


def target() -> dict[str, Any]:
    [found] = boto("events").list_targets_by_rule(Rule=NAME)["Targets"]
    return dict(found)


def tags() -> dict[str, str]:
    found = boto("events").list_tags_for_resource(ResourceARN=described()["Arn"])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_given_a_schedule_then_a_rule_with_our_tags_invokes_the_function_with_names_alone() -> None:
    converge(graph())
    assert described()["ScheduleExpression"] == "rate(30 days)"
    assert described()["State"] == "ENABLED"
    assert tags() == owner().tags
    assert target()["Arn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:cfn-mlflow-Rotation"
    transformer = target()["InputTransformer"]
    assert transformer["InputPathsMap"] == {"id": "$.id"}
    text = transformer["InputTemplate"].replace("<id>", '"4f1c"')
    assert json.loads(text) == {"DatabaseClusterId": 'odd "name', "Request": "4f1c"}


def test_given_it_is_there_then_nothing_is_written() -> None:
    converge(graph())
    with watched() as calls:
        converge(graph())
    assert calls.writes == []


def test_given_a_function_that_dies_behind_every_write_then_the_rule_has_its_target() -> None:
    assert dying_behind_every_write(lambda: converge(graph())) == ["PutRule", "PutTargets"]
    assert target()["Id"] == "function"


@pytest.mark.parametrize(
    ("newer", "writes"),
    [
        (rule("cron(0 3 1 * ? *)"), ["PutRule"]),
        (rule(user_tags={"team": "a"}), ["TagResource"]),
    ],
)
def test_given_another_schedule_or_tag_then_only_that_changes(
    newer: ScheduleRule, writes: list[str]
) -> None:
    converge(graph())
    with watched() as calls:
        converge(graph(newer))
    assert calls.writes == writes
    assert described()["ScheduleExpression"] == newer.schedule


def test_given_somebody_switched_it_off_or_took_its_target_then_both_are_put_back() -> None:
    converge(graph())
    boto("events").disable_rule(Name=NAME)
    boto("events").remove_targets(Rule=NAME, Ids=["function"])
    converge(graph())
    assert described()["State"] == "ENABLED"
    assert target()["Id"] == "function"


def test_given_it_goes_then_its_target_goes_first() -> None:
    converge(graph())
    assert dying_behind_every_write(lambda: remove(graph())) == ["RemoveTargets", "DeleteRule"]
    assert boto("events").list_rules()["Rules"] == []


def test_given_it_is_not_wanted_any_more_then_it_is_removed() -> None:
    converge(graph())
    unwanted = Graph()
    unwanted.without(rule(""))
    converge(unwanted)
    assert boto("events").list_rules()["Rules"] == []


def test_given_a_strangers_rule_of_that_name_then_it_is_not_touched() -> None:
    boto("events").put_rule(Name=NAME, ScheduleExpression="rate(1 day)")
    with watched() as calls:
        with pytest.raises(PermanentError, match="belongs to somebody else"):
            converge(graph())
        remove(graph())
    assert calls.writes == []
