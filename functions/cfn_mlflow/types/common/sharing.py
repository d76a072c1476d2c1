"""The property that lists the stacks with which a resource shares its objects."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from cfn_mlflow.reserved_tags import EVERY_STACK
from cfn_mlflow.types.values.base import described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.lists import ListWords, read_list
from cfn_mlflow.types.values.rules import text

LONGEST_LIST = 256
"""The most characters of a tag's value, which holds the names with spaces between them."""


def _fitting(stacks: tuple[str, ...]) -> tuple[str, ...]:
    if EVERY_STACK in stacks and len(stacks) > 1:
        raise WrongValueError(f"{EVERY_STACK} is every stack: give it alone")
    length = len(" ".join(stacks))
    if length > LONGEST_LIST:
        raise WrongValueError(
            f"the names have {length} characters with the spaces between them, and a tag has room"
            f" for {LONGEST_LIST}. Share with fewer stacks, or with {EVERY_STACK}"
        )
    return stacks


StackName = Annotated[
    str,
    text(
        rf"[A-Za-z][A-Za-z0-9-]{{0,127}}|{EVERY_STACK}",
        f"be a stack's name (no ARN), or {EVERY_STACK} for every stack",
    ),
]
StackNames = Annotated[
    tuple[StackName, ...], BeforeValidator(read_list), ListWords(), AfterValidator(_fitting)
]


def shared_with_property(what: str) -> Any:
    """Return the property `SharedWithStacks`; `what` describes the shared objects in the docs."""
    return described(
        "SharedWithStacks",
        f"Names of other stacks whose properties may name {what}, or `{EVERY_STACK}` alone for"
        " every stack of the account and Region. Once a name is removed, that stack's updates are"
        " refused and its new tasks cannot start; running tasks continue.",
        default=(),
        example=["team-b"],
    )
