"""Numbers, as CloudFormation sends them: as strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.values import numbers


@given(st.integers())
def test_given_a_whole_number_as_a_string_then_it_is_that_number(number: int) -> None:
    assert numbers.read_integer(str(number)) == number
    assert numbers.read_integer(number) == number


@pytest.mark.parametrize(
    "value", ["8.0", "1e3", "0x8", "1_000", " 8", "\u0668", "", True, 8.0, None]
)
def test_given_no_whole_number_in_plain_digits_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        numbers.read_integer(value)


@given(st.integers(0, 1000))
def test_given_half_steps_as_strings_then_they_are_those_numbers(halves: int) -> None:
    assert numbers.half_steps(0, 500).read(f"{halves / 2:g}") == halves / 2


@pytest.mark.parametrize("value", ["0.25", "-0.5", "256.5", "nan", "inf", "1e1", "", True, None])
def test_given_no_half_step_in_the_range_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        numbers.half_steps(0, 256).read(value)
