"""A bucket as its graph makes it, and all that a test can see of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.cloudformation import event
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import Outcome
from cfn_mlflow.types.bucket import graph as resource
from cfn_mlflow.types.bucket.graph import BUCKET
from cfn_mlflow.types.bucket.properties import BucketProperties
from tests.support.beside_moto import buckets
from tests.support.cloudformation.protocol_kit import PLACE, signed_url
from tests.support.objects.service_kit import REGION, STACK, boto, owner

NAME = "mlflow-bucket-artifacts-abcdefghij"


@pytest.fixture(autouse=True)
def s3(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """S3 with its tags, and a client of the test's own."""
    buckets.install(monkeypatch)
    return boto("s3")


def mine(**more: Any) -> Owner:
    return owner(prefix="mlflow-bucket", **more)


def graph(whose: Owner | None = None, **properties: Any) -> Graph:
    asked = BucketProperties.model_validate(properties)
    return resource._graph(whose or mine(), asked)


def world(s3: Any) -> dict[str, Any]:
    """Return all that a test can see of the buckets."""
    names = sorted(each["Name"] for each in s3.list_buckets()["Buckets"])
    return {name: settings(s3, name) for name in names}


def settings(s3: Any, name: str = NAME) -> dict[str, Any]:
    tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    return {
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
        "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
        "encryption": s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"],
        "public": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
    }


def put(s3: Any, *keys: str, name: str = NAME) -> None:
    for key in keys:
        s3.put_object(Bucket=name, Key=key, Body=b"x")


@pytest.fixture
def theirs(s3: Any) -> str:
    """A bucket of the user's own."""
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": REGION})
    return "theirs"


def allow(s3: Any) -> None:
    tag = {"Key": "cfn-mlflow:allow", "Value": "yes"}
    s3.put_bucket_tagging(Bucket="theirs", Tagging={"TagSet": [tag]})


def names(s3: Any) -> list[str]:
    return [each["Name"] for each in s3.list_buckets()["Buckets"]]


KEY_USE: dict[str, Any] = {"EncryptionAlgorithm": "aws:kms"}


def request(
    request_type: str,
    new: dict[str, Any],
    old: dict[str, Any] | None = None,
    logical_id: str = "Bucket",
) -> Any:
    return event.parse(
        {
            "RequestType": request_type,
            "ResponseURL": signed_url(STACK, logical_id, "1"),
            "StackId": STACK,
            "RequestId": "1",
            "ResourceType": "Custom::MLflowBucket",
            "LogicalResourceId": logical_id,
            "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:bucket",
            **({} if request_type == "Create" else {"PhysicalResourceId": "id"}),
            "ResourceProperties": new,
            **({} if old is None else {"OldResourceProperties": old}),
        },
        PLACE,
    )


def served(asked: Any) -> Outcome:
    outcome: Outcome = BUCKET.prepare(asked, asked.identity)()
    return outcome
