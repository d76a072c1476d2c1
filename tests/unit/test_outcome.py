"""The faults of a request, in the bytes that a stack event has for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.outcome import FAULTS_BYTES, Cause, FaultsError
from cfn_mlflow.reason import Reason


def told(*faults: str) -> FaultsError:
    return FaultsError([Cause(Reason.InvalidProperty, fault) for fault in faults])


def test_twenty_faults_are_all_told() -> None:
    faults = [
        f"ServiceProperty{number}: must be something that a whole sentence tells"
        for number in range(20)
    ]
    assert all(fault in str(told(*faults)) for fault in faults)


def test_faults_of_one_code_are_told_without_it() -> None:
    refused = told("A: required", "B: wrong")

    assert refused.reason is Reason.InvalidProperty
    assert str(refused) == "A: required; B: wrong"
    assert refused.faults == ("A: required", "B: wrong")


def test_faults_of_several_codes_begin_each_with_its_own() -> None:
    refused = FaultsError(
        [
            Cause(Reason.NotShared, "A: is another's"),
            Cause(Reason.InvalidProperty, "B: wrong"),
            Cause(Reason.NotShared, "C: is another's"),
        ]
    )

    assert refused.reason is Reason.NotShared
    assert (
        f"{refused.reason.prefix}{refused}"
        == "[NotShared] A: is another's; [InvalidProperty] B: wrong; [NotShared] C: is another's"
    )
    assert refused.faults[0] == "[NotShared] A: is another's"


def test_more_faults_than_fit_are_told_whole_and_the_rest_counted() -> None:
    text = str(told(*(f"Property{number}: {'x' * 80}" for number in range(40))))
    assert text.startswith("Property0: x")
    assert text.endswith("x; and 20 more, see the log")


def test_one_fault_longer_than_all_is_cut() -> None:
    text = str(told("\N{SNOWMAN}" * 700, "B: wrong"))
    assert text.endswith("\N{SNOWMAN}...; and 1 more, see the log")


@given(st.lists(st.builds(Cause, st.sampled_from(Reason), st.text()), min_size=1))
def test_any_faults_fit_with_their_codes_in_the_bytes_of_an_answer(causes: list[Cause]) -> None:
    refused = FaultsError(causes)

    text = f"{refused.reason.prefix}{refused}"
    assert len(text.encode("utf-8", "surrogatepass")) <= FAULTS_BYTES
    assert refused.causes == tuple(causes)
    assert len({cause.reason for cause in causes}) > 1 or refused.faults == tuple(
        cause.words for cause in causes
    )
