"""Whether a stack rolls back: an Update that does looks like any other to its function."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation import cloudformation, is_gone


def is_rolling_back(stack_id: str) -> bool:
    """Tell whether a stack, if it is there, goes back to what it was before an update failed.

    Rests on `cloudformation:DescribeStacks`.
    """
    try:
        found = cloudformation().describe_stacks(StackName=stack_id)["Stacks"][0]
    except Exception as error:
        if is_gone(error):
            return False
        raise
    return "ROLLBACK" in found["StackStatus"]
