"""The provider's policies as CloudFormation deploys them: plain documents, by role."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from tests.support.template.provider_template import Json, managed_policies, properties, template

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PROVIDER = "cfn-mlflow"
ALLOWED_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:listed-AbCdEf"
ALLOWED_BUCKET = "arn:aws:s3:::listed"
ALLOWED_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/listed"
OWN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"

ALLOWED_CLUSTER = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:listed"
ALLOWED_TO_READ = "arn:aws:s3:::listed-to-read-*"

VALUES: Json = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
    "ProviderName": PROVIDER,
    "AllowedSecretArns": ALLOWED_SECRET,
    "AllowedBucketArns": ALLOWED_BUCKET,
    "AllowedKeyArns": ALLOWED_KEY,
    "KmsKeyArn": OWN_KEY,
    "AllowedClusterArns": ALLOWED_CLUSTER,
    "AllowedReadBucketArns": ALLOWED_TO_READ,
}
NOTHING = object()
"""What a property has that is left out: AWS::NoValue."""


def resolved(value: Any) -> Any:
    """Return a value of the template as it is once deployed, each list parameter with one entry."""
    if isinstance(value, list):
        found = [resolved(one) for one in value]
        return [one for one in found if one is not NOTHING]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return _function(name, argument)
    return {name: resolved(one) for name, one in value.items()}


def _function(name: str, argument: Any) -> Any:
    if name == "Ref":
        return NOTHING if argument == "AWS::NoValue" else _value(argument)
    if name == "Fn::Sub":
        text = re.sub(r"\$\{([A-Za-z:]+)\}", lambda found: str(VALUES[found[1]]), argument)
        return text.replace("${!", "${")
    if name == "Fn::GetAtt":
        return _arn(argument[0])
    if name == "Fn::If":
        return resolved(argument[1])
    delimiter, rest = argument[0], resolved(argument[1])
    return delimiter.join(rest) if name == "Fn::Join" else rest.split(delimiter)


def _value(logical_id: str) -> Any:
    if logical_id in VALUES:
        return VALUES[logical_id]
    return f"arn:aws:iam::{ACCOUNT}:policy/{resolved(properties(logical_id)['ManagedPolicyName'])}"


def _arn(logical_id: str) -> str:
    body = template()["Resources"][logical_id]
    kind, given = body["Type"], body["Properties"]
    if kind == "AWS::IAM::Role":
        return f"arn:aws:iam::{ACCOUNT}:role/{resolved(given['RoleName'])}"
    if kind == "AWS::Logs::LogGroup":
        return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{resolved(given['LogGroupName'])}:*"
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{resolved(given['QueueName'])}"


@cache
def managed(policy: str) -> Json:
    """Return a managed policy's document."""
    found: Json = resolved(properties(policy)["PolicyDocument"])
    return found


@cache
def policies_of(role: str) -> tuple[tuple[str, Json], ...]:
    """Return all policies of a role, by name."""
    inline = properties(role).get("Policies", [])
    return (
        *((name, managed(name)) for name in managed_policies(role)),
        *((one["PolicyName"], resolved(one["PolicyDocument"])) for one in inline),
    )


def role_arn(role: str) -> str:
    """Return a role's ARN."""
    return _arn(role)


def actions_of(role: str) -> set[str]:
    """Return the actions that a role allows."""
    return {
        action
        for _, document in policies_of(role)
        for found in document["Statement"]
        if found["Effect"] == "Allow"
        for action in as_list(found["Action"])
    }


def as_list(value: Any) -> list[Any]:
    """Return what may stand alone as a list."""
    return value if isinstance(value, list) else [value]
