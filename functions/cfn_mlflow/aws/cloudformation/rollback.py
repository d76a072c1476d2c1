"""Ask CloudFormation whether a stack rolls back, as the event of an Update does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_mlflow.aws.cloudformation.stack import cloudformation, is_gone
from cfn_mlflow.cloudformation.guard.way_out import skip_command

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


def is_rolling_back(stack_id: str) -> bool:
    """Return whether a stack, if it is there, goes back to what it was before an update failed.

    Rests on `cloudformation:DescribeStacks`.
    """
    found = _look(stack_id)
    return found is not None and "ROLLBACK" in found["StackStatus"]


def continue_without(stack_id: str, logical_id: str) -> str:
    """Return the command that continues a stack's rollback without one of its resources.

    A nested stack's goes on from its root, which names the resource by the nested stack's name.
    Rests on `cloudformation:DescribeStacks`.
    """
    found = _look(stack_id)
    root_id = found.get("RootId", stack_id) if found else stack_id
    skipped = logical_id if root_id == stack_id else f"{_name(stack_id)}.{logical_id}"
    return skip_command(_name(root_id), skipped)


def _look(stack_id: str) -> StackTypeDef | None:
    try:
        return cloudformation().describe_stacks(StackName=stack_id)["Stacks"][0]
    except Exception as error:
        if is_gone(error):
            return None
        raise


def _name(stack_id: str) -> str:
    return stack_id.split("/")[1]
