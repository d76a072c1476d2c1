"""What properties name: each kind judged by its own rule beside the tags'."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cfn_mlflow.aws.core.allowed import Allowed
from cfn_mlflow.aws.ec2.allowed_network import AllowedSecurityGroup, AllowedVpc
from cfn_mlflow.aws.ecr.allowed_image import AllowedImage
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.aws.rds.allowed_cluster import AllowedCluster, AllowedClusterAt, AllowedLogin
from cfn_mlflow.aws.s3.allowed_bucket import AllowedBucket, AllowedBucketToRead, covers
from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from cfn_mlflow.aws.sns.allowed_topic import AllowedTopic
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.rotation.logins import ActiveLogin
from tests.support.objects.service_kit import ACCOUNT, REGION, STACK, boto, converge, owner
from tests.support.properties import named_things as things

pytestmark = pytest.mark.usefixtures("aws")
OWN = {"cfn-mlflow:owner": f"{STACK.rpartition('/')[2]}/Database"}
OTHER = {"cfn-mlflow:owner": f"{STACK.rpartition('/')[2]}/Other"}
VICTIM = {"cfn-mlflow:owner": "99999999-2222-3333-4444-555555555555/MLflow"}
MISSING: list[tuple[type[Allowed], str]] = [
    (AllowedSecret, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:gone-AbCdEf"),
    (AllowedCluster, f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:gone"),
    (AllowedSecurityGroup, "sg-0123456789abcdef0"),
    (AllowedBucket, "a-bucket-that-is-gone"),
    (AllowedKey, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    (AllowedTopic, f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"),
]


def faults(named: Allowed) -> tuple[str, ...]:
    return named.observe().refused


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
    with pytest.raises(PermanentError, match="is not allowed to be used by this stack"):
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


def test_cluster_of_that_name_in_another_account_is_not_taken_for_the_one_named() -> None:
    arn = things.cluster("mlflow").replace(ACCOUNT, "999999999999")
    [fault] = faults(AllowedCluster(owner(), "ClusterArn", arn))
    assert fault == f"ClusterArn: {arn} is not of this account and Region"


@pytest.mark.parametrize("upper", [False, True])
def test_endpoint_of_the_cluster_that_is_named_is_taken(upper: bool) -> None:
    arn, host = things.cluster("mlflow"), things.endpoint("mlflow")
    assert faults(_at(arn, host.upper() if upper else host)) == ()


def test_host_that_is_no_endpoint_of_the_cluster_is_refused() -> None:
    arn, host = things.cluster("mlflow"), things.endpoint("mlflow")
    assert faults(_at(arn, "database.attacker.example")) == (
        f"DatabaseEndpoint: database.attacker.example is no endpoint of {arn}. Name "
        f"{host.lower()}, then deploy again",
    )


def test_endpoint_of_a_cluster_that_is_refused_is_no_second_fault() -> None:
    [fault] = faults(_at(things.cluster("mlflow", VICTIM), "database.attacker.example"))
    assert fault.startswith("DatabaseClusterArn: ")


def _at(arn: str, host: str) -> AllowedClusterAt:
    return AllowedClusterAt(
        owner(), "DatabaseClusterArn", arn, endpoint_property="DatabaseEndpoint", endpoint=host
    )


OF_ANOTHER_BY_RDS = {
    "aws:rds:primaryDBClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:another",
    "cfn-mlflow:allow": "team",
}


@pytest.mark.parametrize(
    ("of_cluster", "of_secret", "passes"),
    [
        (OWN, OWN, True),
        (OWN, OTHER, False),
        ({"cfn-mlflow:allow": "team"}, OWN, False),
        (OWN, {"cfn-mlflow:allow": "team"}, True),
        ({"cfn-mlflow:allow": "team"}, {"cfn-mlflow:allow": "@all"}, True),
        (OWN, OF_ANOTHER_BY_RDS, False),
    ],
)
def test_login_that_the_provider_or_rds_made_goes_with_its_own_cluster_only(
    of_cluster: dict[str, str], of_secret: dict[str, str], passes: bool
) -> None:
    cluster = AllowedCluster(owner(), "ClusterArn", things.cluster("mlflow", of_cluster))
    found = faults(AllowedLogin(owner(), "SecretArn", things.secret("login", of_secret), cluster))
    assert (found == ()) == passes
    assert all("are not of one database" in fault for fault in found)


@pytest.mark.parametrize(
    ("arn", "listed", "passes"),
    [
        ("arn:aws:s3:::*", "", False),
        ("arn:aws:s3:::models-*", "arn:aws:s3:::models", False),
        ("arn:aws:s3:::models-*", "arn:aws:s3:::models-*", True),
        ("arn:aws:s3:::models-eu-*", "arn:aws:s3:::models-*", True),
        ("arn:aws:s3:::*", "arn:aws:s3:::models-*", False),
        ("arn:aws:s3:::models-*", "arn:aws:s3:::models-?", False),
        ("arn:aws:s3:::models-?", "arn:aws:s3:::models-?", True),
        ("arn:aws:s3:::models-?", "arn:aws:s3:::other,arn:aws:s3:::models-*", True),
    ],
)
def test_many_buckets_are_read_only_where_a_parameter_allows_all_of_them(
    monkeypatch: pytest.MonkeyPatch, arn: str, listed: str, passes: bool
) -> None:
    monkeypatch.setenv("ALLOWED_READ_BUCKET_ARNS", listed)
    found = faults(AllowedBucketToRead(owner(), "ArtifactBucketsMlflowWillRead", arn))
    assert (found == ()) == passes
    assert all("AllowedReadBucketArns" in fault for fault in found)


def test_dot_of_a_bucket_that_is_listed_stands_for_itself() -> None:
    assert covers("arn:aws:s3:::a.b", "arn:aws:s3:::a.b")
    assert not covers("arn:aws:s3:::a.b", "arn:aws:s3:::axb")


@pytest.mark.parametrize(
    ("listed", "passes"), [("", True), ("vpc-1", True), ("vpc-2,vpc-1", True), ("vpc-2", False)]
)
def test_vpc_is_any_unless_the_parameter_lists_others(
    monkeypatch: pytest.MonkeyPatch, listed: str, passes: bool
) -> None:
    monkeypatch.setenv("ALLOWED_VPC_IDS", listed)
    assert (faults(AllowedVpc(owner(), "VpcId", "vpc-1")) == ()) == passes


@pytest.mark.parametrize(
    ("image", "listed", "passes"),
    [
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "ghcr.io/", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "ghcr.io/mlflow/", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "registry.example/, ghcr.io/mlflow/", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "ghcr.io/mlflow/mlflow", True),
        (f"ghcr.io/mlflow/mlflow@sha256:{'0' * 64}", "ghcr.io/mlflow/mlflow", True),
        (f"ghcr.io/mlflow/mlflow:v1@sha256:{'0' * 64}", "ghcr.io/mlflow/mlflow", True),
        ("ghcr.io/mlflow/mlflow-evil:v3", "ghcr.io/mlflow/mlflow", False),
        ("ghcr.io/mlflow-evil/mlflow:v3", "ghcr.io/mlflow", False),
        ("ghcr.io/mlflow/mlflow:v3", "ghcr.io/mlflow", False),
        ("ghcr.io.evil.example/mlflow:v3", "ghcr.io", False),
        ("ghcr.io:5000/mlflow/mlflow:v3", "ghcr.io/,ghcr.io", False),
        ("registry.example:5000/team/a:v3", "registry.example:5000/team/", True),
        ("registry.example:5000/team/a:v3", "registry.example:5000/team/a", True),
        ("registry.example:5001/team/a:v3", "registry.example:5000/team/", False),
        ("nginx:1", "nginx", True),
        ("nginx-evil:1", "nginx", False),
        ("evil.example/ghcr.io/mlflow/a:1", "ghcr.io/mlflow/", False),
    ],
)
def test_image_is_any_unless_the_parameter_lists_where_others_lie(
    monkeypatch: pytest.MonkeyPatch, image: str, listed: str, passes: bool
) -> None:
    monkeypatch.setenv("ALLOWED_IMAGE_PREFIXES", listed)
    assert (faults(AllowedImage(owner(), "Image", image)) == ()) == passes


def test_twin_of_an_allowed_login_is_not_taken_from_another_team() -> None:
    victims = things.secret("victims", VICTIM)
    forged = {**VICTIM, "cfn-mlflow:turns-with": "victims", "cfn-mlflow:allow": "team"}
    named = things.secret("named", forged)
    boto("secretsmanager").tag_resource(
        SecretId=victims, Tags=things.listed({"cfn-mlflow:turn": "since 2026-01-01T00:00:00Z r"})
    )
    assert ActiveLogin(owner(), named).observe().view.all_arns == (named,)
