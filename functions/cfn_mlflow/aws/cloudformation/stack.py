"""What CloudFormation says of a resource of a stack, and of what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cfn_mlflow.aws.core.errors import code, explain
from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        StackEventTypeDef,
        StackResourceDetailTypeDef,
    )


STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class StackResource:
    """A status of a resource in its stack, and when it got it, in seconds since the epoch."""

    status: str
    since: float | None
    physical_id: str = ""
    type: str = ""


@dataclass(frozen=True)
class ListedEvent(StackResource):
    """A status that a resource or its stack got; the resource's properties as JSON, if told."""

    of_stack: bool = False
    properties: str | None = None


class Stacks:
    """What the request guard asks."""

    def resource_state(self, stack_id: str, logical_id: str) -> StackResource | None:
        """Return the state of a resource, None if it or its stack is gone.

        Rests on `cloudformation:DescribeStackResource`, which knows deleted stacks by their id.
        Raises TemporaryError or PermanentError, the latter also if the answer has another id.
        """
        try:
            found = cloudformation().describe_stack_resource(
                StackName=stack_id, LogicalResourceId=logical_id
            )["StackResourceDetail"]
        except Exception as error:
            if is_gone(error):
                return None
            raise explain("the request's resource", error) from error
        _refuse_others(found, stack_id, logical_id)
        since = found.get("LastUpdatedTimestamp")
        return StackResource(
            found["ResourceStatus"],
            since.timestamp() if since else None,
            found.get("PhysicalResourceId", ""),
            found["ResourceType"],
        )

    def events(self, stack_id: str, logical_id: str) -> Iterator[ListedEvent]:
        """Yield the events of a resource and of its stack, the newest first.

        Rests on `cloudformation:DescribeStackEvents`, which has the newest events on its first
        page; a page is asked for when it is needed. Raises TemporaryError or PermanentError.
        """
        try:
            for event in _events(stack_id):
                _refuse_others(event, stack_id)
                if event["LogicalResourceId"] == logical_id or _is_of_stack(event):
                    yield _told(event)
        except Exception as error:
            raise explain("the request's events", error) from error


def _refuse_others(
    found: StackResourceDetailTypeDef | StackEventTypeDef, stack_id: str, *logical_id: str
) -> None:
    """Refuse what CloudFormation tells of a stack or resource that was not asked for.

    Nobody has shown that it compares the name in a stack's ARN, and not the GUID alone. Then a
    made-up ARN with the right GUID could have any name.
    """
    if found.get("StackId") != stack_id:
        raise PermanentError(
            Reason.RequestNotConfirmed,
            "CloudFormation knows the stack by another id than the request",
        )
    if logical_id and found["LogicalResourceId"] not in logical_id:
        raise PermanentError(
            Reason.RequestNotConfirmed, "CloudFormation knows the resource by another logical id"
        )


def is_gone(error: Exception) -> bool:
    """Return whether CloudFormation says that the stack is not there."""
    return code(error) == "ValidationError" and "does not exist" in str(error)


def _events(stack_id: str) -> Iterator[StackEventTypeDef]:
    for page in (
        cloudformation().get_paginator("describe_stack_events").paginate(StackName=stack_id)
    ):
        yield from page["StackEvents"]


def _told(event: StackEventTypeDef) -> ListedEvent:
    return ListedEvent(
        status=event["ResourceStatus"],
        since=event["Timestamp"].timestamp(),
        physical_id=event.get("PhysicalResourceId", ""),
        type=event.get("ResourceType", ""),
        of_stack=_is_of_stack(event),
        properties=event.get("ResourceProperties"),
    )


def _is_of_stack(event: StackEventTypeDef) -> bool:
    """Return whether an event is the stack's own.

    Its logical id is the stack's name, which a resource may have too; a custom resource may answer
    with the stack's id for its own.
    """
    return (
        event.get("ResourceType") == STACK_TYPE
        and event.get("PhysicalResourceId") == event["StackId"]
    )


def cloudformation() -> CloudFormationClient:
    """Return the client."""
    made: CloudFormationClient = own_client("cloudformation")
    return made
