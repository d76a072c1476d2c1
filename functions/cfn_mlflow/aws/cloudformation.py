"""What CloudFormation says of a resource of a stack, and of what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from cfn_mlflow.aws.errors import code, explain
from cfn_mlflow.aws.session import client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef


@dataclass(frozen=True)
class StackResource:
    """A status of a resource in its stack, and when it got it, in seconds since the epoch."""

    status: str
    since: float | None


class Stacks:
    """What the protocol's fence asks."""

    def resource_state(self, stack_id: str, logical_id: str) -> StackResource | None:
        """Return the state of a resource, None if it or its stack is gone.

        Rests on `cloudformation:DescribeStackResource`, which knows deleted stacks by their id.
        Raises TemporaryError or PermanentError.
        """
        try:
            found = cloudformation().describe_stack_resource(
                StackName=stack_id, LogicalResourceId=logical_id
            )["StackResourceDetail"]
        except Exception as error:
            if is_gone(error):
                return None
            raise explain("the request's resource", error) from error
        since = found.get("LastUpdatedTimestamp")
        return StackResource(found["ResourceStatus"], since.timestamp() if since else None)

    def resource_events(self, stack_id: str, logical_id: str, after: float) -> list[StackResource]:
        """Return each status that a resource got later than `after`, the newest first.

        `after` is in seconds since the epoch. Rests on `cloudformation:DescribeStackEvents`, which
        has the newest events on its first page; pages of older ones are not asked for.
        Raises TemporaryError or PermanentError.
        """
        try:
            return [
                StackResource(event["ResourceStatus"], event["Timestamp"].timestamp())
                for event in takewhile(
                    lambda e: e["Timestamp"].timestamp() > after, _events(stack_id)
                )
                if event["LogicalResourceId"] == logical_id and not _is_of_stack(event)
            ]
        except Exception as error:
            raise explain("the request's events", error) from error


def is_gone(error: Exception) -> bool:
    """Tell whether CloudFormation says that the stack is not there."""
    return code(error) == "ValidationError" and "does not exist" in str(error)


def _events(stack_id: str) -> Iterator[StackEventTypeDef]:
    for page in (
        cloudformation().get_paginator("describe_stack_events").paginate(StackName=stack_id)
    ):
        yield from page["StackEvents"]


def _is_of_stack(event: StackEventTypeDef) -> bool:
    """A stack's own events have its name for a logical id, which a resource may have too."""
    return event.get("PhysicalResourceId") == event["StackId"]


def cloudformation() -> CloudFormationClient:
    """Return the client."""
    made: CloudFormationClient = client("cloudformation")
    return made
