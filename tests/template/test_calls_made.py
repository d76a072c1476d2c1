"""Given the calls that the functions really made in the demo, then their roles allow each.

`calls_made.json` is what the demo wrote to `.local/calls.json`, checked in: copy it anew when the
functions call something else. A call without a caller is the demo's own. On the local AWS no policy
stands in the way; this test does.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.template.provider_template import FUNCTIONS, Json, statements_of

CALLS_MADE: list[Json] = [
    call
    for call in json.loads(Path(__file__).with_name("calls_made.json").read_text())
    if call["caller"]
]
SERVICES = {
    "elbv2": "elasticloadbalancing",
    "monitoring": "cloudwatch",
    "resourcegroupstaggingapi": "tag",
    "tagging": "tag",
}
"""Names that botocore and endpoints use where IAM has another."""
ACTIONS = {
    "lambda:Invoke": ("lambda:InvokeFunction",),
    "rds-data:ExecuteStatement": ("rds-data:ExecuteStatement", "secretsmanager:GetSecretValue"),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycle": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
}
"""Calls whose IAM action has another name, or that ask for more than one."""


def caller(call: Json) -> str:
    """Return the function that made a call: `MLflow` of `cfn-mlflow-MLflow`."""
    return str(call["caller"]).rsplit("-", 1)[-1]


def iam_actions(call: Json) -> tuple[str, ...]:
    """Return the IAM actions that a call asks for."""
    service = SERVICES.get(call["service"], call["service"])
    name = f"{service}:{call['action']}"
    return ACTIONS.get(name, (name,))


def denied(calls: list[Json]) -> list[str]:
    """Return what the calls ask for and their caller's role does not allow."""
    allowed = {
        function: {
            action
            for found in statements_of(function)
            if found.effect == "Allow"
            for action in found.actions
        }
        for function in FUNCTIONS
    }
    return sorted(
        f"{caller(call)} may not {action}"
        for call in calls
        for action in iam_actions(call)
        if action not in allowed[caller(call)]
    )


def test_every_call_made_is_one_that_the_callers_role_allows() -> None:
    assert len({call["service"] for call in CALLS_MADE}) >= 10
    assert not denied(CALLS_MADE)


@pytest.mark.parametrize(
    ("service", "action", "function"),
    [
        ("rds", "DeleteDBCluster", "cfn-mlflow-MLflowBucket"),
        ("s3", "PutBucketEncryption", "cfn-mlflow-MLflowDatabase"),
        ("s3", "CreateBucket", "cfn-mlflow-MLflowService"),
        ("ssm", "PutParameter", "cfn-mlflow-MLflowSchema"),
        ("iam", "CreateUser", "cfn-mlflow-MLflow"),
    ],
)
def test_a_call_outside_a_functions_type_is_told(service: str, action: str, function: str) -> None:
    call = {"service": service, "action": action, "caller": function, "count": 1}
    assert denied([call])
