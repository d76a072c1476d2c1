"""S3: its client, and a bucket of this account as calls name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.aws.session import client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def s3() -> S3Client:
    """Return the client of S3."""
    found: S3Client = client("s3")
    return found


def addressed(owner: Owner, bucket: str) -> dict[str, Any]:
    """Return a bucket of this account as calls name it; another account's answers 403."""
    return {"Bucket": bucket, "ExpectedBucketOwner": owner.arn_parts[2]}
