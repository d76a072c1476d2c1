"""Properties that are right, to be made wrong; and what is then said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Properties, parse

TYPES: list[type[Properties]] = [
    MLflowProperties,
    BucketProperties,
    DatabaseProperties,
    ServiceProperties,
    SchemaProperties,
]

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
KEY_ARN = ARN.format("kms", "key/1234abcd")
SUBNETS = ["subnet-a", "subnet-b"]
INGRESS = {"LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"]}

DATABASE: dict[str, Any] = {"VpcId": "vpc-1", "SubnetIds": SUBNETS}
JOINED: dict[str, Any] = {**DATABASE, **INGRESS}
SERVICE: dict[str, Any] = {
    **JOINED,
    "LoadBalancerSubnetIds": SUBNETS,
    "DatabaseEndpoint": "db.example.com",
    "DatabaseSecretArn": ARN.format("secretsmanager", "secret:service-AbCdEf"),
    "DatabaseMigrationSecretArn": ARN.format("secretsmanager", "secret:migration-AbCdEf"),
    "DatabaseClientSecurityGroupId": "sg-1",
    "ArtifactBucketId": "my-bucket",
}
SCHEMA: dict[str, Any] = {
    "ClusterArn": ARN.format("rds", "cluster:mlflow"),
    "SecretArn": ARN.format("secretsmanager", "secret:service-AbCdEf"),
}


def faults(model: type[Properties], properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with properties: nothing, if they are right."""
    try:
        parse(model, properties)
    except InvalidProperties as refused:
        return refused.faults
    return ()
