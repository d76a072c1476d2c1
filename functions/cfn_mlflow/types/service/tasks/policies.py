"""The policies of the tasks' two roles: the task role and the execution role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ecr.private_images import repository_arn
from cfn_mlflow.aws.iam.role import Policy

OBJECT_ACTIONS = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
]
PULL_ACTIONS = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
]


def literal(text: str) -> str:
    """Return the text with `$`, `*` and `?` escaped, so that IAM takes it literally."""
    return re.sub(r"[$*?]", r"${\g<0>}", text)


def task_policy(
    owner: Owner, bucket_id: str, path: str, key_arn: str, also_read: Iterable[str]
) -> Policy:
    """Return the task role's policy: MLflow's path in its bucket, and reading other buckets."""
    partition, region, _ = owner.arn_parts
    bucket = f"arn:{partition}:s3:::{literal(bucket_id)}"
    prefix = literal(path.strip("/"))
    statements: list[dict[str, Any]] = [
        {
            "Sid": "ListArtifacts",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket,
            **({"Condition": _only_prefix(prefix)} if prefix else {}),
        },
        {
            "Sid": "Artifacts",
            "Effect": "Allow",
            "Action": OBJECT_ACTIONS,
            "Resource": f"{bucket}/{prefix}/*" if prefix else f"{bucket}/*",
        },
    ]
    if key_arn:
        statements.append(
            {
                "Sid": "ArtifactsKey",
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": literal(key_arn),
                "Condition": {"StringLike": {"kms:ViaService": f"s3.{region}.*"}},
            }
        )
    statements.extend(_read_only(list(also_read)))
    return _document(statements)


def execution_policy(
    owner: Owner, log_group: str, secret_arns: Iterable[str], images: Iterable[str]
) -> Policy:
    """Return the execution role's policy: the log, exactly the task's secrets, images from ECR."""
    partition, region, account = owner.arn_parts
    secrets = sorted(map(literal, set(secret_arns)))
    via = {"StringLike": {"kms:ViaService": f"secretsmanager.{region}.*"}}
    return _document(
        [
            {
                "Sid": "Log",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": f"arn:{partition}:logs:{region}:{account}:log-group:{log_group}:*",
            },
            {
                "Sid": "Secrets",
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": secrets,
            },
            {
                "Sid": "SecretsKeys",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": f"arn:{partition}:kms:{region}:{account}:key/*",
                "Condition": {
                    **via,
                    "StringEquals": {"kms:EncryptionContext:SecretARN": secrets},
                },
            },
            *_pull(partition, images),
        ]
    )


def _only_prefix(prefix: str) -> dict[str, Any]:
    return {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}


def _read_only(buckets: list[str]) -> Iterator[dict[str, Any]]:
    if buckets:
        yield {
            "Sid": "ListOthers",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": buckets,
        }
        yield {
            "Sid": "ReadOthers",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"{bucket}/*" for bucket in buckets],
        }


def _pull(partition: str, images: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the statements for pulling from ECR.

    The first pull through a cache needs the last two of PULL_ACTIONS.
    """
    found = {arn for image in images if (arn := repository_arn(partition, image))}
    repositories = sorted(map(literal, found))
    if repositories:
        yield {
            "Sid": "RegistryLogin",
            "Effect": "Allow",
            "Action": "ecr:GetAuthorizationToken",
            "Resource": "*",
        }
        yield {
            "Sid": "PullImages",
            "Effect": "Allow",
            "Action": PULL_ACTIONS,
            "Resource": repositories,
        }


def _document(statements: list[dict[str, Any]]) -> Policy:
    return {"Version": "2012-10-17", "Statement": statements}
