"""The user's tags: what every service takes is taken, what one of them refuses is refused first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.values.base import parse
from cfn_mlflow.types.values.faults import WrongPartsError
from cfn_mlflow.types.values.tags import LONGEST_KEY, LONGEST_VALUE, read_tags

TEXT = st.text(
    st.characters(categories=["Ll", "Lo", "Nd"], max_codepoint=0xFFFF)
    | st.sampled_from(" _.:/=+-@"),
    max_size=100,
).map(lambda text: f"k{text}".strip())

CARRYING_CALLS = {
    "application-autoscaling": ("RegisterScalableTarget", "TagResource"),
    "cloudwatch": ("PutMetricAlarm", "TagResource"),
    "ec2": ("CreateTags",),
    "ecs": ("CreateCluster", "CreateService", "RegisterTaskDefinition", "TagResource"),
    "elbv2": ("CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "AddTags"),
    "events": ("PutRule", "TagResource"),
    "iam": ("CreateRole", "TagRole"),
    "logs": ("CreateLogGroup", "TagResource"),
    "rds": ("CreateDBCluster", "CreateDBInstance", "AddTagsToResource"),
    "s3": ("CreateBucket", "PutBucketTagging"),
    "secretsmanager": ("CreateSecret", "TagResource"),
    "ssm": ("PutParameter", "AddTagsToResource"),
}
"""The calls by which the user's tags come to an object."""


def _limits(shape: Shape, found: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the limits of each key and value of tags in what a call takes."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            if "tag" in name.lower() or name.lower() in ("key", "value"):
                yield from _limits(member, name.lower())
            elif name == "CreateBucketConfiguration":
                yield from _limits(member)
    elif isinstance(shape, ListShape):
        yield from _limits(shape.member, found)
    elif isinstance(shape, MapShape):
        yield "key", shape.key.metadata
        yield "value", shape.value.metadata
    elif found in ("key", "value"):
        yield found, shape.metadata


def _pattern(text: str) -> re.Pattern[str]:
    r"""Return a pattern of AWS's as Python writes it: letters and numbers are `\w` there."""
    return re.compile(text.replace(r"\p{L}\p{Z}\p{N}", r"\w\s"))


@pytest.mark.parametrize("service", CARRYING_CALLS)
def test_given_the_longest_and_oddest_tag_that_is_taken_then_each_service_takes_it(
    service: str,
) -> None:
    texts = {
        "key": ["k" * LONGEST_KEY, "Größe 1_.:/=+-@"],
        "value": ["v" * LONGEST_VALUE, "", "a b_.:/=+-@"],
    }
    model = botocore.session.get_session().get_service_model(service)
    checked = 0
    for call in CARRYING_CALLS[service]:
        shape = model.operation_model(call).input_shape
        assert shape is not None
        for kind, limits in _limits(shape):
            checked += 1
            for text in texts[kind]:
                assert limits.get("min", 0) <= len(text) <= limits.get("max", 1000), call
                assert _pattern(limits.get("pattern", ".*")).fullmatch(text), call
    assert checked >= 2


@given(st.dictionaries(TEXT, TEXT, max_size=40))
def test_given_tags_in_either_form_then_they_are_the_same_tags(tags: dict[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    assert read_tags(pairs) == read_tags(tags) == tags


@pytest.mark.parametrize(
    ("tags", "place", "words"),
    [
        ({"aws:x": "1"}, ".aws:x", "reserved"),
        ({"AWS:x": "1"}, ".AWS:x", "reserved"),
        ({"Aws:x": "1"}, ".Aws:x", "reserved"),
        ({"x": "aws:1"}, ".x", "values that start with"),
        ({"x": "AWS:1"}, ".x", "values that start with"),
        ({"rds:x": "1"}, ".rds:x", "reserved"),
        ({"x": "rds:1"}, ".x", "values that start with"),
        ([{"Key": "cfn-mlflow:owner", "Value": "me"}], "[0] (cfn-mlflow:owner)", "reserved"),
        ({"CFN-MLflow:owner": "me"}, ".CFN-MLflow:owner", "reserved"),
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "[1] (a)", "twice"),
        ({"Team": "1", "team": "2"}, ".team", "differs from Team in case alone"),
        (
            [{"Key": "Größe", "Value": "1"}, {"Key": "GRÖßE", "Value": "1"}],
            "[1] (GRÖßE)",
            "differs from Größe in case alone",
        ),
        ({f"k{number}": "" for number in range(41)}, "", "at most 40"),
        ({"": "x"}, ".", "1 to 127"),
        ({"k" * 128: "x"}, f".{'k' * 127}", "1 to 127"),
        ({"a": "x" * 256}, ".a", "255"),
        ({"a": "\N{MATHEMATICAL BOLD CAPITAL A}" * 128}, ".a", "255"),
        ({"a": "<script>"}, ".a", "only letters"),
        ({"a": "x\ty"}, ".a", "no tab or line break"),
        ({"a": "x\ny"}, ".a", "no tab or line break"),
        ({"a": "x\u2028y"}, ".a", "no tab or line break"),
        ({"a\tb": "x"}, ".a\\tb", "no tab or line break"),
        ({"a": " x"}, ".a", "begin or end with a space"),
        ({"a ": "x"}, ".a ", "begin or end with a space"),
        ({"a": "x\n"}, ".a", "no tab or line break"),
        ({"a": 1}, ".a", "strings"),
    ],
)
def test_given_a_tag_that_aws_or_we_cannot_take_then_its_place_is_told(
    tags: Any, place: str, words: str
) -> None:
    with pytest.raises(WrongPartsError) as refused:
        read_tags(tags)
    assert words in refused.value.parts[place]


@pytest.mark.parametrize("tags", ["a=b", 1, [{"Key": "a"}], [{"Key": "a", "Value": "b", "C": "d"}]])
def test_given_no_map_and_no_list_of_pairs_then_it_is_refused(tags: object) -> None:
    with pytest.raises(ValueError, match="must be a map"):
        read_tags(tags)


def test_two_keys_that_iam_takes_for_one_are_refused_before_any_call() -> None:
    with pytest.raises(InvalidProperties) as refused:
        parse(BucketProperties, {"Tags": {"Team": "a", "team": "b"}})
    assert refused.value.faults == ("Tags.team: differs from Team in case alone; IAM knows one",)
