"""Custom::MLflowBucket."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import KEY_ARN, faults


def test_given_nothing_then_the_modules_defaults() -> None:
    bucket = parse(BucketProperties, {})
    assert bucket == BucketProperties(
        unique_name="mlflow-bucket",
        tags={},
        bucket_id=None,
        path="/",
        encryption_algorithm="AES256",
        encryption_key_arn=None,
        empty_on_delete=False,
        intelligent_tiering_days=60,
        noncurrent_version_expiration_days=90,
    )


def test_given_a_key_with_kms_then_it_is_taken_in_any_partition() -> None:
    for partition in ("aws", "aws-cn", "aws-us-gov", "aws-iso-b"):
        key = KEY_ARN.replace("arn:aws:", f"arn:{partition}:")
        asked = {"EncryptionAlgorithm": "aws:kms", "EncryptionKeyArn": key}
        assert parse(BucketProperties, asked).encryption_key_arn == key


@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        ({"EncryptionKeyArn": KEY_ARN}, "EncryptionKeyArn: needs EncryptionAlgorithm: aws:kms"),
        ({"EncryptionAlgorithm": "aes256"}, "EncryptionAlgorithm: must be AES256 or aws:kms"),
        (
            {"BucketId": "mine", "EmptyOnDelete": "true"},
            "EmptyOnDelete: must be false with BucketId: yours is never emptied",
        ),
        (
            {"BucketId": "arn:aws:s3:::mine"},
            "BucketId: must be a bucket's name, not its ARN or URL",
        ),
        (
            {"NoncurrentVersionExpirationDays": "0"},
            "NoncurrentVersionExpirationDays: must be 1 to 3650",
        ),
    ],
)
def test_given_what_s3_cannot_do_or_would_lose_data_then_it_is_refused(
    properties: dict[str, Any], fault: str
) -> None:
    assert faults(BucketProperties, properties) == (fault,)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a--b", "A", "1a", "a" * 33, "a_b", "a b", "a\n"])
def test_given_a_unique_name_that_some_service_cannot_take_then_it_is_refused(name: str) -> None:
    if name:
        assert faults(BucketProperties, {"UniqueName": name})[0].startswith("UniqueName: must be")
    else:
        assert parse(BucketProperties, {"UniqueName": name}).unique_name == "mlflow-bucket"
