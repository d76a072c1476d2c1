"""A report in the words of a stack's event: what, what differs, what to do, in its bytes."""

from __future__ import annotations

import pytest

from cfn_mlflow.outcome import REASON_BYTES
from cfn_mlflow.reason import Reason
from cfn_mlflow.schema_check.check import SchemaReport, State
from cfn_mlflow.schema_check.words import failure, unknown_release, waiting

LOST = tuple(f"table experiments: column number_{n} is missing" for n in range(5))


@pytest.mark.parametrize(("lost", "more"), [(3, ""), (4, "; and 1 more"), (5, "; and 2 more")])
def test_failure_names_three_differences_and_counts_the_others(lost: int, more: str) -> None:
    report = SchemaReport(State.AHEAD, "b", "a", wrong_columns=LOST[:lost], advice="Do this.")
    assert failure(report, Reason.SchemaAhead, "3.17.2") == (
        "schema: ahead: the database is b, MLflow 3.17.2 expects a: "
        f"{'; '.join(LOST[:3])}{more}. Do this."
    )


def test_failure_says_where_the_image_has_no_release_or_the_database_no_revision() -> None:
    told = failure(
        SchemaReport(State.FOREIGN, None, "a", advice="Do this."), Reason.SchemaForeign, None
    )
    assert "the database is without a revision, the image expects a" in told


def test_failure_of_a_database_that_was_not_read_tells_what_aws_said_and_no_revision() -> None:
    told = failure(
        SchemaReport(State.REFUSED, None, "a", reason="Data API: no", advice="Do this."),
        Reason.DatabaseRefused,
        "3",
    )
    assert told == "schema: refused: Data API: no. Do this."


@pytest.mark.parametrize("reason", ["x" * 999, "\N{SNOWMAN}" * 999])
def test_failure_of_any_length_ends_in_what_to_do(reason: str) -> None:
    report = SchemaReport(State.REFUSED, None, "a", reason=reason, advice="Do this.")
    told = failure(report, Reason.DatabaseRefused, None)
    assert len(f"{Reason.DatabaseRefused.prefix}{told}".encode()) <= REASON_BYTES
    assert told.endswith(". Do this.")


def test_state_that_passes_tells_why_it_is_so_or_else_what_to_do() -> None:
    assert waiting(SchemaReport(State.WAKING, None, "a", reason="resuming")) == "waking: resuming"
    assert (
        waiting(SchemaReport(State.WAKING, None, "a", advice="Look again."))
        == "waking: Look again."
    )


def test_image_without_a_release_is_named_with_the_property_that_helps() -> None:
    assert "the tag of mine:latest names no MLflow release" in unknown_release("mine:latest")
    assert "ImageTag" in unknown_release("mine:latest")
