"""The database of the owner's stack, and one of another stack: clusters, secrets, rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.core.session import own_client
from tests.support.objects.service_kit import boto

OTHER_STACK = (
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/others/"
    "99999999-8888-7777-6666-555555555555"
)
OTHERS = Owner("cfn-mlflow", OTHER_STACK, "MLflow", "zyxwvutsrq", "0.1.0")
PLACE = "eu-west-1:123456789012"


def make_cluster(of: Owner, **more: str) -> str:
    """Make a stack's cluster; return its ARN."""
    made = boto("rds").create_db_cluster(
        DBClusterIdentifier=of.name("database"),
        Engine="aurora-postgresql",
        MasterUsername="mlflow_master",
        MasterUserPassword="a-password-of-a-test",
        Tags=tag_list({**of.tags, "cfn-mlflow:complete": "true", **more}),
    )
    return str(made["DBCluster"]["DBClusterArn"])


def make_secret(of: Owner | None, name: str = "mlflow-app") -> str:
    """Make a stack's secret, or the user's own; return its ARN."""
    made = boto("secretsmanager").create_secret(
        Name=of.name(name) if of else name,
        SecretString="{}",
        Tags=tag_list(of.tags if of else {"cfn-mlflow:allow": "@all"}),
    )
    return str(made["ARN"])


def make_rule(of: Owner, part: str, function: str, event: dict[str, Any], **target: str) -> str:
    """Make a rule as a stack of 0.1 has it: the function itself is its target, without a role."""
    name = of.name(part, limit=64)
    events = boto("events")
    events.put_rule(Name=name, ScheduleExpression="rate(1 day)", Tags=tag_list(of.tags))
    arn = f"arn:aws:lambda:{PLACE}:function:cfn-mlflow-{function}"
    made = {"Id": "function", "Arn": arn, "Input": json.dumps(event, sort_keys=True), **target}
    events.put_targets(Rule=name, Targets=[made])
    return name


def share(arn: str, *names: str) -> None:
    """List stacks on a cluster as its owner's property does."""
    tags = tag_list({"cfn-mlflow:shared-with": " ".join(names)})
    boto("rds").add_tags_to_resource(ResourceName=arn, Tags=tags)


@contextmanager
def named(stacks: dict[str, str]) -> Iterator[None]:
    """Let CloudFormation know these stacks by their names, and no other."""

    def describe(_: Any, StackName: str) -> Any:  # noqa: N803 - boto3's name
        if StackName not in stacks:
            said = f"Stack with id {StackName} does not exist"
            answer: Any = {"Error": {"Code": "ValidationError", "Message": said}}
            raise ClientError(answer, "DescribeStacks")
        return {"Stacks": [{"StackId": stacks[StackName]}]}

    with pytest.MonkeyPatch.context() as patched:
        kind = type(own_client("cloudformation"))
        patched.setattr(kind, "describe_stacks", describe)
        yield
