"""What properties name: each kind judged by its own rule beside the tags'."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cfn_mlflow.aws.core.allowed import Allowed
from cfn_mlflow.aws.ec2.allowed_network import AllowedSecurityGroup
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.aws.rds.allowed_cluster import AllowedCluster
from cfn_mlflow.aws.s3.allowed_bucket import AllowedBucket
from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from cfn_mlflow.aws.sns.allowed_topic import AllowedTopic
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.service_kit import ACCOUNT, REGION, boto, converge, owner
from tests.support.properties import named_things as things
from tests.support.properties.refusals import faults

pytestmark = pytest.mark.usefixtures("aws")
MISSING: list[tuple[type[Allowed], str]] = [
    (AllowedSecret, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:gone-AbCdEf"),
    (AllowedCluster, f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:gone"),
    (AllowedSecurityGroup, "sg-0123456789abcdef0"),
    (AllowedBucket, "a-bucket-that-is-gone"),
    (AllowedKey, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    (AllowedTopic, f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"),
]


@pytest.mark.parametrize(("kind", "name"), MISSING)
def test_thing_that_is_not_there_is_refused_by_the_property(kind: type[Allowed], name: str) -> None:
    assert faults(kind(owner(), "Property", name)) == (f"Property: {name} does not exist",)


def test_thing_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Denied(Exception):  # noqa: N818 - stands for an answer of AWS
        response: Any = {"Error": {"Code": "AccessDeniedException"}}  # noqa: RUF012 - as boto3 has it

    def denied(_: object) -> None:
        raise Denied

    monkeypatch.setattr(AllowedTopic, "look", denied)
    assert faults(AllowedTopic(owner(), "AlarmTopicArn", "arn")) == (
        "AlarmTopicArn: arn cannot be read: it or its policy denies the provider",
    )


def test_thing_taken_away_between_two_looks_ends_the_request() -> None:
    topic = AllowedTopic(owner(), "AlarmTopicArn", things.topic("alarms"))
    boto("sns").untag_resource(ResourceArn=topic.name, TagKeys=["cfn-mlflow:allow"])
    with failing(Reason.NotAllowed, match="is not allowed to be used by this stack"):
        topic.compare(topic.observe())


@pytest.mark.parametrize(("value", "warnings"), [("yes", 1), ("", 1), ("team", 0), ("@all", 0)])
def test_value_that_allows_every_stack_unsaid_is_warned_of(
    caplog: pytest.LogCaptureFixture, value: str, warnings: int
) -> None:
    graph = Graph()
    graph.add(AllowedTopic(owner(), "Arn", things.topic("alarms", {"cfn-mlflow:allow": value})))
    converge(graph)
    told = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(told) == warnings
    assert all("From 0.3.0 on it must name team, or @all" in words for words in told)
