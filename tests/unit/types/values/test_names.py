"""Paths and ARNs, as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cfn_mlflow.types.values import names
from tests.support.properties import arn_examples as examples


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/", "/"),
        ("/a", "/a"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b"),
        ("/team=a/v1.2", "/team=a/v1.2"),
    ],
)
def test_given_a_path_then_it_starts_with_a_slash_and_ends_without(written: str, path: str) -> None:
    assert names.read_path(written) == path


@pytest.mark.parametrize(
    "value", ["a", "//", "/a//b", "/a/../b", "/./a", "/a b", "/a?b", "/" * 600]
)
def test_given_a_path_that_a_url_would_change_then_it_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="must start with /"):
        names.read_path(value)


@pytest.mark.parametrize(
    ("kind", "arns"),
    [
        (names.SecretArn, examples.SECRETS),
        (names.KeyArn, examples.KEYS),
        (names.BucketArn, (*examples.BUCKETS, "arn:aws:s3:::team-*")),
        (names.ClusterArn, examples.CLUSTERS),
        (names.TopicArn, examples.TOPICS),
        (names.TaskDefinitionArn, examples.TASK_DEFINITIONS),
    ],
)
def test_given_an_arn_as_aws_gives_it_then_it_is_taken(kind: Any, arns: tuple[str, ...]) -> None:
    reader = TypeAdapter(kind)
    assert [reader.validate_python(arn) for arn in arns] == list(arns)
    with pytest.raises(ValidationError):
        reader.validate_python(arns[0] + "\n")


def test_given_digits_of_another_script_then_they_are_no_account() -> None:
    arn = examples.SECRETS[0].replace("123456789012", "\N{ARABIC-INDIC DIGIT ONE}" * 12)
    with pytest.raises(ValidationError):
        TypeAdapter(names.SecretArn).validate_python(arn)
