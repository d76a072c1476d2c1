"""The owner's stack, with the status that a test wants: moto makes no stack with an id of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from tests.support.objects.service_kit import STACK

MOST_QUESTIONS = 3


@contextmanager
def standing(status: str, root_id: str = "") -> Iterator[None]:
    """Let DescribeStacks tell this status, and the root of a nested stack, if it is asked."""
    stack = {
        "StackId": STACK,
        "StackName": "team",
        "CreationTime": datetime.now(UTC),
        "StackStatus": status,
        **({"RootId": root_id} if root_id else {}),
    }
    with Stubber(session.client("cloudformation")) as stub:
        for _ in range(MOST_QUESTIONS):
            stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK})
        yield


@contextmanager
def holding(logical_id: str, status: str) -> Iterator[None]:
    """Let DescribeStackResource tell this status of a resource of the owner's stack."""
    detail: Any = {
        "StackId": STACK,
        "LogicalResourceId": logical_id,
        "ResourceType": "Custom::MLflow",
        "LastUpdatedTimestamp": datetime.now(UTC),
        "ResourceStatus": status,
    }
    asked = {"StackName": STACK, "LogicalResourceId": logical_id}
    with Stubber(session.client("cloudformation")) as stub:
        for _ in range(MOST_QUESTIONS):
            stub.add_response("describe_stack_resource", {"StackResourceDetail": detail}, asked)
        yield
