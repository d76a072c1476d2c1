"""What properties name, made in moto with the tags that a test wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.objects.service_kit import REGION, boto

TEAM = {"cfn-mlflow:allow": "team"}
"""Allows a thing to the stack of the tests."""


def listed(tags: Mapping[str, str]) -> list[Any]:
    """Return tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def secret(name: str, tags: Mapping[str, str] = TEAM, value: str = "{}") -> str:
    """Make a secret and return its ARN."""
    made = boto("secretsmanager").create_secret(Name=name, SecretString=value, Tags=listed(tags))
    return str(made["ARN"])


def cluster(name: str, tags: Mapping[str, str] = TEAM) -> str:
    """Make a database cluster and return its ARN."""
    made = boto("rds").create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        MasterUsername="mlflow_master",
        MasterUserPassword="password",
        Tags=listed(tags),
    )
    return str(made["DBCluster"]["DBClusterArn"])


def endpoint(name: str) -> str:
    """Return the host name of a cluster's writer."""
    [found] = boto("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    return str(found["Endpoint"])


def bucket(name: str, tags: Mapping[str, str] = TEAM) -> str:
    """Make a bucket and return its name."""
    boto("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if tags:
        boto("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed(tags)})
    return name


def group(name: str, vpc_id: str, tags: Mapping[str, str] = TEAM) -> str:
    """Make a security group and return its id."""
    made = boto("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc_id)
    if tags:
        boto("ec2").create_tags(Resources=[made["GroupId"]], Tags=listed(tags))
    return str(made["GroupId"])


def key(tags: Mapping[str, str] = TEAM) -> str:
    """Make a KMS key and return its ARN."""
    listing = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
    return str(boto("kms").create_key(Tags=listing)["KeyMetadata"]["Arn"])


def topic(name: str, tags: Mapping[str, str] = TEAM) -> str:
    """Make a topic and return its ARN."""
    return str(boto("sns").create_topic(Name=name, Tags=listed(tags))["TopicArn"])
