"""A VPC, a bucket and two secrets in moto, and the properties of a service in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.outcome import Done, Outcome
from tests.support.beside_moto import autoscaling_tags
from tests.support.beside_moto.fargate import Fargate, install, migrated

REGION = "eu-west-1"
ACCOUNT = "123456789012"
HEAD = "dc11669786a5"
"""The revision of MLflow 3.17."""

STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/team/11111111-2222-3333-4444-555555555555"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
EXECUTION_BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/execution-boundary"


def owner(logical_id: str = "MLflow", **more: Any) -> Owner:
    """Return whose the objects are."""
    digests = {"MLflow": "abcdefghij", "Other": "zyxwvutsrq"}
    return Owner("cfn-mlflow", STACK, logical_id, digests[logical_id], "0.1.0", **more)


@cache
def boto(service: str) -> Any:
    """Return a client of the test's own."""
    # Kept for all tests, so it must not matter which one asks first, with what environment.
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, region_name=REGION, **keys)  # type: ignore[call-overload]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto in this process, with the environment that a function has."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("BOUNDARY_ARN", BOUNDARY)
    monkeypatch.setenv("EXECUTION_BOUNDARY_ARN", EXECUTION_BOUNDARY)
    monkeypatch.setenv("PROVIDER_NAME", "cfn-mlflow")
    ours = session._session()
    with mock_aws():
        yield
    if session._session() is not ours:
        session.forget_clients()  # a test's own, for another Region


@pytest.fixture
def fargate(aws: None, monkeypatch: pytest.MonkeyPatch) -> Fargate:
    """Fargate whose migration ends well and whose servers run."""
    made = Fargate([migrated(HEAD)])
    install(made, monkeypatch)
    autoscaling_tags.install(monkeypatch)
    return made


@pytest.fixture
def vpc(aws: None) -> dict[str, Any]:
    """A VPC with two subnets in two Availability Zones, and a client security group."""
    ec2 = boto("ec2")
    # Without IPv6, moto takes a group's IPv6 rules and never gives them back.
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    vpc_id = made["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=REGION + zone)[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="client", Description="client", VpcId=vpc_id)
    return {"VpcId": vpc_id, "SubnetIds": subnets, "GroupId": group["GroupId"]}


@pytest.fixture
def properties(vpc: dict[str, Any]) -> dict[str, Any]:
    """The properties of a Custom::MLflowService as CloudFormation sends them.

    What they name is the user's own, and allowed to the stack.
    """
    allowed = [{"Key": "cfn-mlflow:allow", "Value": "team"}]
    service, migration = (
        boto("secretsmanager").create_secret(Name=name, SecretString="{}", Tags=allowed)["ARN"]
        for name in ("mlflow-service", "mlflow-migration")
    )
    boto("ec2").create_tags(Resources=[vpc["GroupId"]], Tags=allowed)
    boto("s3").create_bucket(
        Bucket="artifacts-of-mine", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    boto("s3").put_bucket_tagging(Bucket="artifacts-of-mine", Tagging={"TagSet": allowed})
    return {
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-MLflowService",
        "VpcId": vpc["VpcId"],
        "SubnetIds": vpc["SubnetIds"],
        "LoadBalancerSubnetIds": vpc["SubnetIds"],
        "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
        "DatabaseEndpoint": "mlflow.cluster-abc.eu-west-1.rds.amazonaws.com",
        "DatabaseSecretArn": service,
        "DatabaseMigrationSecretArn": migration,
        "DatabaseClientSecurityGroupId": vpc["GroupId"],
        "ArtifactBucketId": "artifacts-of-mine",
        "ArtifactBucketPath": "/mlflow",
    }


def secret_value(secret_id: str) -> dict[str, str]:
    """Return the object that a secret holds as JSON."""
    text = boto("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return dict(json.loads(text))


def logging_definition(
    container: str, image: str, log_group: str, cpu: str = "1024", memory: str = "2048"
) -> dict[str, Any]:
    """Return what is asked of a task definition whose one container logs to a group."""
    options = {"awslogs-group": log_group, "awslogs-stream-prefix": "mlflow"}
    asked = {
        "name": container,
        "image": image,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    return {
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": cpu,
        "memory": memory,
        "containerDefinitions": [asked],
    }


def converge(graph: Graph, looks: int = 60) -> dict[str, str]:
    """Look until all is done, and return the attributes. Fails if that takes too many looks."""
    convergence = Convergence(graph, explain)
    outcome: Outcome | None = None
    for _ in range(looks):
        outcome = convergence.step()
        if isinstance(outcome, Done):
            return dict(outcome.attributes)
    raise AssertionError(f"still waiting: {outcome}")


def remove(graph: Graph, looks: int = 60) -> None:
    """Look until all is gone. Fails if that takes too many looks."""
    removal = Removal(graph, explain)
    outcome: Outcome | None = None
    for _ in range(looks):
        outcome = removal.step()
        if isinstance(outcome, Done):
            return
    raise AssertionError(f"still waiting: {outcome}")
