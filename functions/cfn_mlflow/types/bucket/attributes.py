"""The attributes of Custom::MLflowBucket, which `Fn::GetAtt` returns."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Attributes, described


class BucketAttributes(Attributes):
    """The attributes of the bucket."""

    bucket_id: str = described("BucketId", "Name of the bucket.")
    bucket_arn: str = described("BucketArn", "ARN of the bucket.")
    path: str = described("Path", "Path in the bucket, with a `/` first and none last.")
    artifacts_destination: str = described(
        "ArtifactsDestination", "Where MLflow keeps artifacts: `s3://bucket/path`."
    )
    encryption_key_arn: str = described(
        "EncryptionKeyArn", "ARN of the KMS key, empty without one."
    )
