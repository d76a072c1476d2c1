"""Single values, as CloudFormation sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.values import lists, names, networks, numbers, rules
from cfn_mlflow.types.values.tags import read_tags

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.booleans(), st.sampled_from([str, str.lower, str.upper, str.title]))
def test_given_a_boolean_as_a_string_in_any_case_then_it_is_that_boolean(
    value: bool, case: Callable[[str], str]
) -> None:
    assert rules.read_boolean(case(str(value))) is value
    assert rules.read_boolean(value) is value


@pytest.mark.parametrize("value", ["yes", "1", "on", "t", "", " true", 1, 0, None, [], {}])
def test_given_what_others_take_for_a_boolean_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="true or false"):
        rules.read_boolean(value)


@pytest.mark.parametrize(
    "read",
    [
        rules.read_boolean,
        numbers.read_integer,
        numbers.read_number,
        networks.read_cidr_block,
        names.read_path,
        lists.read_list,
        read_tags,
        rules.read_text,
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
