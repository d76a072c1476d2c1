"""What is read of CloudFormation: a stack, and its events from the newest back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cfn_mlflow_watch.items import Event, Stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef


class NoStackError(Exception):
    """There is no stack of this name or id."""


class CloudFormation:
    """Reads stacks (cloudformation:DescribeStacks, DescribeStackEvents)."""

    def __init__(self, client: CloudFormationClient) -> None:
        self._client = client

    def stack(self, name: str) -> Stack:
        """Return a stack by its name, or by its id if it is deleted. Raises NoStackError."""
        try:
            found = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                raise NoStackError(name) from error
            raise
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
        # StackId is always there; the model calls it optional for CreateStack's sake.
        return Stack(found["StackId"], found["StackName"], found["StackStatus"], outputs)

    def newest_first(self, stack_id: str, within: str = "") -> Iterator[Event]:
        """Give the events of a stack; `within` is the path of a nested stack."""
        pages = self._client.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=stack_id):
            for event in page["StackEvents"]:
                yield _event(event, within)


def _event(found: StackEventTypeDef, within: str) -> Event:
    logical_id = found.get("LogicalResourceId", "")
    return Event(
        id=found["EventId"],
        time=found["Timestamp"],
        stack_id=found["StackId"],
        path=f"{within}/{logical_id}" if within else logical_id,
        logical_id=logical_id,
        physical_id=found.get("PhysicalResourceId", ""),
        type=found.get("ResourceType", ""),
        status=found.get("ResourceStatus", ""),
        reason=found.get("ResourceStatusReason", ""),
        service_token=_service_token(found.get("ResourceProperties", "")),
    )


def _service_token(properties: str) -> str:
    try:
        return str(json.loads(properties)["ServiceToken"])
    except (ValueError, KeyError, TypeError):
        return ""
