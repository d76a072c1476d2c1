"""Custom::MLflowBucket: the properties of the bucket for artifacts."""

from __future__ import annotations

from typing import Annotated

from pydantic import ValidationInfo, field_validator

from cfn_mlflow.types.common.named import NamedProperties, unique_name_property
from cfn_mlflow.types.common.sharing import StackNames, shared_with_property
from cfn_mlflow.types.values.base import Update, described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.names import BucketName, BucketPath, KeyArn, UniqueName
from cfn_mlflow.types.values.numbers import integer
from cfn_mlflow.types.values.rules import Boolean, choice
from cfn_mlflow.types.values.standing import may_stand


class BucketProperties(NamedProperties):
    """A bucket that the provider makes, or one of the user's own, with the path in it."""

    unique_name: UniqueName = unique_name_property("mlflow-bucket")
    bucket_id: BucketName | None = described(
        "BucketId",
        "Name of a bucket of yours to use instead of making one; not for a resource that has made"
        " one. It is not changed and never deleted; it needs the tag `cfn-mlflow:allow` with the"
        " stack's name in it, or a place in the provider's parameter.",
        update=Update.REFUSED,
        default=None,
        default_words="a bucket is made",
        example="my-bucket",
    )
    path: BucketPath = described(
        "Path",
        "Path in the bucket under which artifacts are kept. After a change MLflow looks for all"
        " artifacts under the new path: move them there.",
        default="/",
        example="/mlflow",
    )
    encryption_algorithm: Annotated[str, choice("AES256", "aws:kms")] = described(
        "EncryptionAlgorithm",
        "Default encryption of the bucket. Objects that are there keep theirs.",
        default="AES256",
        example="aws:kms",
    )
    encryption_key_arn: KeyArn | None = described(
        "EncryptionKeyArn",
        "ARN of the KMS key, with `aws:kms`. A key of yours needs the tag `cfn-mlflow:allow` with"
        " the stack's name in it, or a place in the provider's parameter. After a change, objects"
        " that are there stay under the old key, which the tasks may no longer use: copy them onto"
        " themselves first.",
        default=None,
        default_words="with `aws:kms`, the key that AWS manages for S3",
        example="arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    )
    empty_on_delete: Boolean = described(
        "EmptyOnDelete",
        "Whether a deletion empties and deletes the bucket that was made. Otherwise a bucket with"
        " objects in it stays.",
        default=False,
        example=True,
    )
    intelligent_tiering_days: Annotated[int, integer(0, 3650)] = described(
        "IntelligentTieringDays",
        "Days after which an object moves to Intelligent-Tiering.",
        default=60,
        example=30,
    )
    noncurrent_version_expiration_days: Annotated[int, integer(1, 3650)] = described(
        "NoncurrentVersionExpirationDays",
        "Days for which a version that was overwritten or deleted can still be had back.",
        default=90,
        example=30,
    )

    shared_with_stacks: StackNames = shared_with_property("the bucket that was made")

    @classmethod
    def losing_data(cls) -> tuple[str, ...]:
        """Return the names of the properties by which a deletion loses data."""
        return ("EmptyOnDelete",)

    @field_validator("encryption_key_arn")
    @classmethod
    @may_stand
    def _key_needs_kms(cls, key: str | None, info: ValidationInfo) -> str | None:
        if key and info.data.get("encryption_algorithm") == "AES256":
            raise WrongValueError("needs {EncryptionAlgorithm}: aws:kms")
        return key

    @field_validator("empty_on_delete")
    @classmethod
    @may_stand
    def _own_bucket_stays(cls, empty: bool, info: ValidationInfo) -> bool:
        if empty and info.data.get("bucket_id"):
            raise WrongValueError("must be false with {BucketId}: yours is never emptied")
        return empty

    @field_validator("shared_with_stacks")
    @classmethod
    @may_stand
    def _own_bucket_is_tagged(
        cls, stacks: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if stacks and info.data.get("bucket_id"):
            raise WrongValueError(
                "must be left out with {BucketId}: name the stacks in your bucket's tag"
                " cfn-mlflow:allow"
            )
        return stacks
