"""SharedWithStacks: names of stacks, or every stack, within what a tag has room for."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core import owner
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.common import sharing
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import Properties, parse
from tests.support.properties.properties_kit import DATABASE, JOINED, faults

SHARES: list[tuple[type[Properties], dict[str, Any], str]] = [
    (BucketProperties, {}, "SharedWithStacks"),
    (DatabaseProperties, DATABASE, "SharedWithStacks"),
    (MLflowProperties, JOINED, "DatabaseSharedWithStacks"),
    (MLflowProperties, JOINED, "ArtifactBucketSharedWithStacks"),
]
LONG, LONGER = ["a" * 127, "b" * 128], ["a" * 128, "b" * 128]


@pytest.mark.parametrize(("model", "properties", "name"), SHARES)
@pytest.mark.parametrize("stacks", [[], ["team-b"], ["team-b", "Team-C2"], ["@all"], LONG])
def test_names_of_stacks_and_every_stack_are_taken(
    model: type[Properties], properties: dict[str, Any], name: str, stacks: list[str]
) -> None:
    assert faults(model, {**properties, name: stacks}) == ()


@pytest.mark.parametrize(("model", "properties", "name"), SHARES)
@pytest.mark.parametrize(
    ("stacks", "fault"),
    [
        (["team b"], "[0]: must be a stack's name (no ARN), or @all for every stack"),
        (["a", "*"], "[1]: must be a stack's name (no ARN), or @all for every stack"),
        (["2b"], "[0]: must be a stack's name (no ARN), or @all for every stack"),
        (["@all "], "[0]: must be a stack's name (no ARN), or @all for every stack"),
        (["a", "@all"], ": @all is every stack: give it alone"),
        (["a", "a"], ": must not name the same twice"),
        ("team-b", ": must be a list, not a string; split a string with !Split [',', ...]"),
        (
            LONGER,
            ": the names have 257 characters with the spaces between them, and a tag has room for"
            " 256. Share with fewer stacks, or with @all",
        ),
    ],
)
def test_what_a_tag_cannot_list_is_refused(
    model: type[Properties], properties: dict[str, Any], name: str, stacks: Any, fault: str
) -> None:
    assert faults(model, {**properties, name: stacks}) == (f"{name}{fault}",)


def test_bucket_of_the_users_is_shared_by_its_own_tag() -> None:
    asked = {"BucketId": "mine", "SharedWithStacks": ["team-b"]}
    assert faults(BucketProperties, asked) == (
        "SharedWithStacks: must be left out with BucketId: name the stacks in your bucket's tag"
        " cfn-mlflow:allow",
    )


def test_list_that_is_taken_fits_the_tag_that_is_written() -> None:
    asked = parse(DatabaseProperties, {**DATABASE, "SharedWithStacks": LONG})
    assert len(owner.listing(asked.shared_with_stacks)) == sharing.LONGEST_LIST
