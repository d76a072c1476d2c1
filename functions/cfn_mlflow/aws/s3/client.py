"""S3: its client, and a bucket of this account as calls name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.core.session import client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def s3() -> S3Client:
    """Return the client of S3."""
    found: S3Client = client("s3")
    return found


def addressed(owner: Owner, bucket: str) -> dict[str, Any]:
    """Return a bucket of this account as calls name it; another account's answers 403."""
    return {"Bucket": bucket, "ExpectedBucketOwner": owner.arn_parts[2]}


def tags_of(owner: Owner, bucket: str) -> dict[str, str]:
    """Return the tags of a bucket of this account (s3:GetBucketTagging).

    Raises what AWS answers when it is missing or denied.
    """
    try:
        return tag_map(s3().get_bucket_tagging(**addressed(owner, bucket))["TagSet"])
    except Exception as error:
        if code(error) == "NoSuchTagSet":
            return {}
        raise
