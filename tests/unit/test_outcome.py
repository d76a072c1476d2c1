"""The faults of a request, in the bytes that a stack event has for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.outcome import FAULTS_BYTES, InvalidProperties


def test_given_twenty_faults_then_all_are_told() -> None:
    faults = [
        f"ServiceProperty{number}: must be something that a whole sentence tells"
        for number in range(20)
    ]
    told = str(InvalidProperties(faults))
    assert all(fault in told for fault in faults)


def test_given_faults_that_fit_then_all_are_told() -> None:
    assert str(InvalidProperties(["A: required", "B: wrong"])) == "A: required; B: wrong"


def test_faults_that_do_not_fit_are_counted_behind_the_first_which_are_told_whole() -> None:
    told = str(InvalidProperties([f"Property{number}: {'x' * 80}" for number in range(40)]))
    assert told.startswith("Property0: x")
    assert told.endswith("x; and 19 more, see the log")


def test_given_one_fault_longer_than_all_then_it_is_cut() -> None:
    told = str(InvalidProperties(["\N{SNOWMAN}" * 700, "B: wrong"]))
    assert told.endswith("\N{SNOWMAN}...; and 1 more, see the log")


@given(st.lists(st.text(), min_size=1))
def test_given_any_faults_then_the_text_is_within_the_bytes_of_a_reason(faults: list[str]) -> None:
    refused = InvalidProperties(faults)
    assert len(str(refused).encode("utf-8", "surrogatepass")) <= FAULTS_BYTES
    assert refused.faults == tuple(faults)
