"""The stacks that may use an object: its owner's, and those with which it is shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cfn_mlflow.aws.core.errors import code, explain
from cfn_mlflow.aws.core.owner import OWNER_TAG, SHARED_TAG, Tags
from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.aws.core.sharing import named_in
from cfn_mlflow.reserved_tags import EVERY_STACK

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class Sharers:
    """The stacks that work with one thing, by their GUIDs."""

    stacks: frozenset[str]
    everybody: bool = False

    def admit(self, tags: Tags) -> bool:
        """Return whether something with these tags was made for one of the stacks."""
        stack = stack_of(tags)
        return bool(stack) and (self.everybody or stack in self.stacks)


def stack_of(tags: Tags) -> str:
    """Return the GUID of the stack for which something was made; empty if for none."""
    return tags.get(OWNER_TAG, "").partition("/")[0]


def sharers_of(tags: Tags) -> Sharers:
    """Return the stacks that may work with what has these tags.

    The owner lists others by name. CloudFormation tells which stack has a name now, and nothing
    else does: rests on cloudformation:DescribeStacks by the function's own role. Raises
    TemporaryError or PermanentError.
    """
    names = named_in(tags.get(SHARED_TAG, "")) if OWNER_TAG in tags else frozenset()
    if EVERY_STACK in names:
        return Sharers(frozenset(), everybody=True)
    stacks = {stack_of(tags), *map(_guid_of, sorted(names))}
    return Sharers(frozenset(stacks - {""}))


def _guid_of(stack_name: str) -> str:
    """Return the GUID of the stack that has a name; empty if none has."""
    cloudformation: CloudFormationClient = own_client("cloudformation")
    try:
        [found] = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    except Exception as error:
        if code(error) == "ValidationError" and "does not exist" in str(error):
            return ""
        raise explain(f"stack {stack_name}", error) from error
    return str(found["StackId"]).rsplit("/", 1)[-1]
