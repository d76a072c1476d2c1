"""The check of the schema on a schedule: the rule, the event it sends, the alarm, their end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import output_of
from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.schema.properties import CheckEvent
from cfn_mlflow.types.service.properties import ServiceSettings
from cfn_mlflow.types.service.schema_schedule import Runs, schema_schedule
from cfn_mlflow.types.service.wiring import Wiring
from cfn_mlflow.types.values.base import parse
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import HEAD, boto, converge, owner, remove

NAME = "mlflow-schema-abcdefghij"
CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-service-AbCdEf"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
REQUIRED = {
    "VpcId": "vpc-1",
    "SubnetIds": ["subnet-a"],
    "LoadBalancerSubnetIds": ["subnet-a", "subnet-b"],
    "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
}


def graph_of(
    cluster_arn: str = CLUSTER, revision: str = HEAD, image: str = "", **properties: Any
) -> Graph:
    graph = Graph()
    wiring = Wiring(
        database_endpoint="mlflow.cluster-abc.eu-west-1.rds.amazonaws.com",
        database_port="5432",
        database_name="mlflow",
        service_secret_arn=SECRET,
        migration_secret_arn=SECRET,
        login_secret_arns=(SECRET,),
        client_security_group_id="sg-1",
        cluster_arn=cluster_arn,
        max_connections=189,
        asked_connections=189,
        bucket_id="bucket",
        path="/",
        key_arn="",
    )
    asked = parse(ServiceSettings, {**REQUIRED, **properties})
    runs = Runs(output_of(image or asked.image_uri), output_of(revision))
    schema_schedule(graph, owner(), asked, wiring, runs)
    return graph


def rules() -> dict[str, str]:
    found = boto("events").list_rules()["Rules"]
    return {rule["Name"]: rule["ScheduleExpression"] for rule in found}


def event() -> dict[str, Any]:
    [target] = boto("events").list_targets_by_rule(Rule=NAME)["Targets"]
    found: dict[str, Any] = json.loads(target["Input"])
    return found


def alarms() -> dict[str, dict[str, Any]]:
    found = boto("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in found}


def test_given_nothing_is_said_then_the_schema_is_checked_once_a_day(aws: None) -> None:
    converge(graph_of())
    assert rules() == {NAME: "rate(1 day)"}
    assert event() == {
        "Check": {
            "ClusterArn": CLUSTER,
            "SecretArn": SECRET,
            "DatabaseName": "mlflow",
            "Image": "ghcr.io/mlflow/mlflow:v3.17.2-full",
        },
        "Resource": "mlflow-abcdefghij",
    }


def test_given_the_event_then_it_is_one_that_the_function_takes(aws: None) -> None:
    converge(graph_of())
    assert parse(CheckEvent, event()["Check"]).image == "ghcr.io/mlflow/mlflow:v3.17.2-full"


def test_given_a_new_image_then_the_next_check_expects_its_release(aws: None) -> None:
    converge(graph_of())
    converge(graph_of(ImageTag="v3.16.1-full"))
    assert event()["Check"]["Image"] == "ghcr.io/mlflow/mlflow:v3.16.1-full"


def test_given_a_fallback_image_then_its_release_is_expected(aws: None) -> None:
    converge(graph_of(ImageTag="v3.16.1-full", image="ghcr.io/mlflow/mlflow:v3.17.2-full"))
    assert event()["Check"]["Image"] == "ghcr.io/mlflow/mlflow:v3.17.2-full"


def test_image_of_an_unknown_release_is_checked_by_its_migrations_revision(
    aws: None,
) -> None:
    converge(graph_of(Image="mine:latest"))
    assert event()["Check"]["ExpectedRevision"] == HEAD
    converge(graph_of(Image="mine:latest", revision="unknown"))
    assert "ExpectedRevision" not in event()["Check"]


def test_given_an_alarm_then_it_watches_this_resource_and_no_value_is_no_alarm(aws: None) -> None:
    converge(graph_of())
    alarm = alarms()[NAME]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("cfn-mlflow", "SchemaDifferences")
    assert alarm["Dimensions"] == [{"Name": "Resource", "Value": "mlflow-abcdefghij"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == []
    tags = boto("cloudwatch").list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert {"Key": "cfn-mlflow:owner", "Value": owner().tag} in tags


def test_given_a_topic_then_the_alarm_tells_it_until_it_is_taken_away(aws: None) -> None:
    converge(graph_of(AlarmTopicArn=TOPIC))
    assert alarms()[NAME]["AlarmActions"] == [TOPIC]
    converge(graph_of())
    assert alarms()[NAME]["AlarmActions"] == []


def test_given_it_is_there_then_a_second_time_writes_nothing(aws: None) -> None:
    converge(graph_of(AlarmTopicArn=TOPIC))
    with watched() as calls:
        converge(graph_of(AlarmTopicArn=TOPIC))
    assert calls.writes == []


def test_given_it_is_made_then_all_carries_its_tags_from_the_call_that_makes_it(aws: None) -> None:
    with watched() as calls:
        converge(graph_of())
    assert sorted(calls.writes) == ["PutMetricAlarm", "PutRule", "PutTargets"]


@pytest.mark.parametrize("off", [{"SchemaCheckSchedule": "none"}, {"cluster_arn": ""}])
def test_given_it_is_turned_off_or_there_is_no_data_api_then_rule_and_alarm_go(
    aws: None, off: dict[str, str]
) -> None:
    converge(graph_of())
    converge(graph_of(**off))
    assert (rules(), alarms()) == ({}, {})


def test_given_the_resource_goes_then_so_do_they_and_nobody_elses(aws: None) -> None:
    boto("events").put_rule(Name="theirs", ScheduleExpression="rate(1 hour)")
    converge(graph_of())
    remove(graph_of())
    assert (rules(), alarms()) == ({"theirs": "rate(1 hour)"}, {})


def test_given_a_schedule_that_is_none_then_it_is_refused_before_any_call() -> None:
    with pytest.raises(InvalidProperties, match=r"SchemaCheckSchedule: must be rate\(1 day\)"):
        graph_of(SchemaCheckSchedule="every day")
    with pytest.raises(InvalidProperties, match="AlarmTopicArn: must be the ARN of an SNS topic"):
        graph_of(AlarmTopicArn="alarms")
