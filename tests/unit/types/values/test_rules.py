"""Single values, as CloudFormation sends them."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cfn_mlflow.types.values import values
from cfn_mlflow.types.values.tags import read_tags
from tests import arn_examples as examples

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.booleans(), st.sampled_from([str, str.lower, str.upper, str.title]))
def test_given_a_boolean_as_a_string_in_any_case_then_it_is_that_boolean(
    value: bool, case: Callable[[str], str]
) -> None:
    assert values.read_boolean(case(str(value))) is value
    assert values.read_boolean(value) is value


@pytest.mark.parametrize("value", ["yes", "1", "on", "t", "", " true", 1, 0, None, [], {}])
def test_given_what_others_take_for_a_boolean_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="true or false"):
        values.read_boolean(value)


@given(st.integers())
def test_given_a_whole_number_as_a_string_then_it_is_that_number(number: int) -> None:
    assert values.read_integer(str(number)) == number
    assert values.read_integer(number) == number


@pytest.mark.parametrize(
    "value", ["8.0", "1e3", "0x8", "1_000", " 8", "\u0668", "", True, 8.0, None]
)
def test_given_no_whole_number_in_plain_digits_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        values.read_integer(value)


@given(st.integers(0, 1000))
def test_given_half_steps_as_strings_then_they_are_those_numbers(halves: int) -> None:
    assert values.half_steps(0, 500).read(f"{halves / 2:g}") == halves / 2


@pytest.mark.parametrize("value", ["0.25", "-0.5", "256.5", "nan", "inf", "1e1", "", True, None])
def test_given_no_half_step_in_the_range_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        values.half_steps(0, 256).read(value)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_given_a_network_then_its_cidr_block_is_taken_and_one_with_host_bits_is_not(
    address: ipaddress.IPv4Address, length: int
) -> None:
    network = ipaddress.IPv4Network((address, length), strict=False)
    assert values.read_cidr_block(str(network)) == str(network)
    if network.network_address != address:
        with pytest.raises(ValueError, match="CIDR"):
            values.read_cidr_block(f"{address}/{length}")


@pytest.mark.parametrize("value", ["10.0.0.0", "::/0", "10.0.0.0/33", "10.0.0.0/8 ", "any", 10])
def test_given_no_ipv4_block_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        values.read_cidr_block(value)


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
    assert values.read_path(written) == path


@pytest.mark.parametrize(
    "value", ["a", "//", "/a//b", "/a/../b", "/./a", "/a b", "/a?b", "/" * 600]
)
def test_given_a_path_that_a_url_would_change_then_it_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="must start with /"):
        values.read_path(value)


def test_given_an_empty_comma_delimited_list_then_it_is_an_empty_list() -> None:
    assert values.read_list([""]) == []


@pytest.mark.parametrize(
    ("value", "words"), [("a,b", "!Split"), ({"a": 1}, "a list"), (["a", "a"], "twice")]
)
def test_given_no_list_of_different_items_then_it_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        values.read_list(value)


@pytest.mark.parametrize(
    ("kind", "arns"),
    [
        (values.SecretArn, examples.SECRETS),
        (values.KeyArn, examples.KEYS),
        (values.BucketArn, (*examples.BUCKETS, "arn:aws:s3:::team-*")),
        (values.ClusterArn, examples.CLUSTERS),
        (values.TopicArn, examples.TOPICS),
        (values.TaskDefinitionArn, examples.TASK_DEFINITIONS),
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
        TypeAdapter(values.SecretArn).validate_python(arn)


@pytest.mark.parametrize(
    "read",
    [
        values.read_boolean,
        values.read_integer,
        values.read_number,
        values.read_cidr_block,
        values.read_path,
        values.read_list,
        read_tags,
        values.read_text,
    ],
)
@given(value=ANYTHING)
def test_given_anything_at_all_then_a_reader_takes_it_or_says_what_it_must_be(
    read: Callable[[Any], object], value: object
) -> None:
    try:
        read(value)
    except ValueError as error:
        assert str(error)
