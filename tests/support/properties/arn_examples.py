"""ARNs as AWS's documentation shows them, in every partition, and some that users have."""

from __future__ import annotations

import json
from pathlib import Path

import botocore

PARTITIONS: tuple[tuple[str, str], ...] = tuple(
    (partition["id"], next(iter(partition["regions"])))
    for partition in json.loads(
        (Path(botocore.__file__).parent / "data" / "partitions.json").read_text()
    )["partitions"]
)
"""Each partition and a Region of it."""


def _everywhere(rest: str, service: str) -> tuple[str, ...]:
    return tuple(
        f"arn:{partition}:{service}:{region}:123456789012:{rest}"
        for partition, region in PARTITIONS
    )


SECRETS = (
    *_everywhere("secret:MyTestSecret-a1b2c3", "secretsmanager"),
    *_everywhere("secret:rds!cluster-6c9a0b0e-1d5f-4e7e-9b1a-AbCdEf", "secretsmanager"),
    *_everywhere("secret:rds!db-5d0b2c3a-AbCdEf", "secretsmanager"),
    *_everywhere("secret:ecs-sc!mlflow-AbCdEf", "secretsmanager"),
    *_everywhere("secret:aes128-1a2b3c", "secretsmanager"),
    *_everywhere("secret:prod/team_a/My.Secret+1=@x-AbCdEf", "secretsmanager"),
)
KEYS = (
    *_everywhere("key/1234abcd-12ab-34cd-56ef-1234567890ab", "kms"),
    *_everywhere("key/mrk-1234abcd12ab34cd56ef1234567890ab", "kms"),
)
BUCKETS = tuple(
    f"arn:{partition}:s3:::{name}"
    for partition, _ in PARTITIONS
    for name in (
        "amzn-s3-demo-bucket",
        "my.example.s3.bucket",
        "Legacy_Bucket",
        "team-123456789012-us-east-1-an",
    )
)
TOPICS = (
    *_everywhere("MyTopic", "sns"),
    *_everywhere("my_topic-1", "sns"),
)
CLUSTERS = (
    *_everywhere("cluster:my-aurora-cluster-1", "rds"),
    *_everywhere("cluster:aurora1", "rds"),
)
TASK_DEFINITIONS = (*_everywhere("task-definition/hello_world:8", "ecs"),)
