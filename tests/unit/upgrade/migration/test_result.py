"""What the end of a migration task means, in words for the user."""

from __future__ import annotations

import json

import pytest

from cfn_mlflow.outcome import REASON_BYTES
from cfn_mlflow.reason import Reason
from cfn_mlflow.upgrade.migration.result import parse
from cfn_mlflow.upgrade.migration.script import EXIT_CODES

HEAD = "dc11669786a5"


def line(outcome: str, **more: object) -> str:
    report = {"outcome": outcome, "from": None, "expected": HEAD, "mlflow": "3.17.2"} | more
    return json.dumps({"cfn-mlflow-migration": report})


def test_the_result_is_found_among_other_lines_in_any_order() -> None:
    lines = ["Running upgrade a -> b", line("migrated", pending=[HEAD]), "a late line", ""]
    result = parse(lines, 0)
    assert (result.outcome, result.done, result.pending) == ("migrated", True, (HEAD,))
    assert (result.found, result.expected, result.mlflow) == (None, HEAD, "3.17.2")
    assert result.words == f"The database was migrated from an empty database to {HEAD}."


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            "behind",
            f"MLflow's tables are at {HEAD}, as MLflow 3.17.2 expects; those of its users are not"
            " yet as it expects.",
        ),
        (
            "migrated",
            f"The tables of MLflow's users were migrated; MLflow's own were at {HEAD} already.",
        ),
    ],
)
def test_the_words_are_of_the_users_tables_where_only_they_have_revisions_to_run(
    outcome: str, words: str
) -> None:
    alone = parse([line(outcome, **{"from": HEAD, "to": HEAD, "pending": ["auth-a"]})], 0)
    assert alone.words == words


@pytest.mark.parametrize("outcome", sorted(EXIT_CODES))
def test_each_outcome_has_words_that_fit_a_reason(outcome: str) -> None:
    long = {"from": "f4a9b2c7d1e6", "reason": "wörds " * 50}
    result = parse([line(outcome, **long)], EXIT_CODES[outcome])
    assert result.outcome == outcome
    assert len(result.words.encode()) <= REASON_BYTES
    assert result.done == (outcome in ("current", "migrated", "behind", "empty"))


@pytest.mark.parametrize("outcome", ["failed", "blocked"])
def test_a_failure_tells_where_it_has_left_the_database(outcome: str) -> None:
    was = {"from": "b7e2c1a4d9f3", "reason": "boom"}
    for to, words in {
        "b7e2c1a4d9f3": "the database stays at b7e2c1a4d9f3",
        HEAD: f"the tables of runs are at {HEAD} now, those of the users are not migrated",
    }.items():
        assert words in parse([line(outcome, to=to, **was)], EXIT_CODES[outcome]).words
    empty = parse([line(outcome, reason="boom")], EXIT_CODES[outcome])
    assert "the database stays empty" in empty.words


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("foreign", Reason.SchemaForeign),
        ("locked", Reason.MigrationBlocked),
        ("blocked", Reason.MigrationBlocked),
        ("no-driver", Reason.ImageUnfit),
        ("no-mlflow", Reason.ImageUnfit),
        ("no-basic-auth", Reason.ImageUnfit),
        ("login-refused", Reason.LoginRefused),
        ("unreachable", Reason.DatabaseUnreachable),
        ("failed", Reason.MigrationFailed),
    ],
)
def test_each_outcome_that_is_a_failure_has_its_code(outcome: str, reason: Reason) -> None:
    text = json.dumps({"cfn-mlflow-migration": {"outcome": outcome}})
    assert parse([text], 1).reason is reason


@pytest.mark.parametrize(
    ("exit_code", "reason", "more_memory"),
    [(137, Reason.TaskOutOfMemory, True), (143, Reason.MigrationFailed, False)],
)
def test_a_killed_task_is_told_to_need_memory_only_by_the_exit_code_that_says_so(
    exit_code: int, reason: Reason, more_memory: bool
) -> None:
    result = parse([], exit_code)
    assert result.reason is reason
    assert ("give the task more memory" in result.words) is more_memory
    assert f"(exit code {exit_code})" in result.words
    assert result.retryable


def test_only_what_may_pass_by_itself_is_retryable() -> None:
    retryable = {o for o in EXIT_CODES if parse([line(o)], EXIT_CODES[o]).retryable}
    assert retryable == {"locked", "unreachable"}


def test_a_database_ahead_names_the_release_that_can_be_used() -> None:
    result = parse([line("ahead", **{"from": "e7d1f4b2a9c6"})], 3)
    assert result.outcome == "ahead"
    assert "use MLflow 3.18.0 or newer" in result.words


def test_a_revision_that_is_not_known_to_be_later_is_unknown() -> None:
    for found in ("ffffffffffff", "a+b"):
        result = parse([line("ahead", **{"from": found})], 3)
        assert (result.outcome, found in result.words) == ("unknown", True)


@pytest.mark.parametrize(
    ("exit_code", "outcome"),
    [
        (0, "current"),
        (1, "silent"),
        (2, "silent"),
        (3, "ahead"),
        (4, "foreign"),
        (5, "locked"),
        (7, "login-refused"),
        (126, "silent"),
        (127, "silent"),
        (137, "out-of-memory"),
        (143, "killed"),
        (None, "silent"),
    ],
)
def test_without_a_result_line_the_exit_code_tells(exit_code: int | None, outcome: str) -> None:
    result = parse(["nothing of ours"], exit_code)
    assert result.outcome == outcome
    assert len(result.words.encode()) <= REASON_BYTES
