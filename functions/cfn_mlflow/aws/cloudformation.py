"""What CloudFormation says of a resource of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cfn_mlflow.aws.errors import code, explain
from cfn_mlflow.aws.session import client

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class StackResource:
    """A resource's status in its stack, and when it got it, in seconds since the epoch."""

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
            found = _cloudformation().describe_stack_resource(
                StackName=stack_id, LogicalResourceId=logical_id
            )["StackResourceDetail"]
        except Exception as error:
            if code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise explain("the request's resource", error) from error
        since = found.get("LastUpdatedTimestamp")
        return StackResource(found["ResourceStatus"], since.timestamp() if since else None)


def _cloudformation() -> CloudFormationClient:
    made: CloudFormationClient = client("cloudformation")
    return made
