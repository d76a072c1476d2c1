"""How a database differs from what a revision declares: each difference by its name."""

from __future__ import annotations

import pytest
from psycopg2.errors import LockNotAvailable

from cfn_mlflow import releases
from cfn_mlflow.schema_check.check import State, check
from tests.support.checked_schema import HEAD, OLDER, at_head, build, empty, names, server, words
from tests.support.postgres import Connection, Server

__all__ = ["at_head", "empty", "names", "server"]


def added_column(older: str, newer: str) -> tuple[str, str]:
    """Return a column that only the newer revision has, of a table that both have."""
    before, after = releases.declared(older) or {}, releases.declared(newer) or {}
    return next(
        (name, column)
        for name in sorted(before.keys() & after.keys())
        for column in sorted(after[name].columns.keys() - before[name].columns.keys())
    )


def test_a_missing_table_is_named(at_head: Connection) -> None:
    at_head.execute("DROP TABLE registered_model_aliases")
    report = check(at_head, HEAD)
    assert words(report) == ("table registered_model_aliases is missing",)
    assert "restore a snapshot" in report.advice


def test_a_missing_column_is_named(at_head: Connection) -> None:
    at_head.execute("ALTER TABLE registered_models DROP COLUMN description")
    assert words(check(at_head, HEAD)) == (
        "table registered_models: column description is missing",
    )


def test_a_missing_index_is_named(at_head: Connection) -> None:
    at_head.execute("DROP INDEX index_latest_metrics_run_uuid")
    assert words(check(at_head, HEAD)) == (
        "table latest_metrics: index index_latest_metrics_run_uuid (btree (run_uuid)) is missing",
    )


def test_a_missing_primary_key_is_named(at_head: Connection) -> None:
    at_head.execute("ALTER TABLE latest_metrics DROP CONSTRAINT latest_metric_pk")
    assert words(check(at_head, HEAD)) == (
        "table latest_metrics: primary key (key, run_uuid) is missing",
    )


def test_an_index_that_its_making_left_invalid_is_missing(
    server: Server, at_head: Connection
) -> None:
    index = "index_latest_metrics_run_uuid"
    at_head.execute(f"DROP INDEX {index}; SET lock_timeout = 1")
    name = str(at_head.query("SELECT current_database() AS name")[0]["name"])
    with server.connect(name) as writer:
        writer.execute("BEGIN; LOCK TABLE latest_metrics IN ROW EXCLUSIVE MODE")
        with pytest.raises(LockNotAvailable):
            at_head.execute(f"CREATE INDEX CONCURRENTLY {index} ON latest_metrics (run_uuid)")
    assert words(check(at_head, HEAD)) == (
        "table latest_metrics: index index_latest_metrics_run_uuid (btree (run_uuid)) is missing",
    )


def test_a_column_of_another_kind_is_named_with_both(at_head: Connection) -> None:
    at_head.execute("ALTER TABLE tags ALTER COLUMN value TYPE varchar(250)")
    at_head.execute("ALTER TABLE runs ALTER COLUMN status SET NOT NULL")
    assert words(check(at_head, HEAD)) == (
        "table runs: column status is character varying(9) not null, not character varying(9)",
        "table tags: column value is character varying(250), not character varying(8000)",
    )


def test_an_index_under_another_name_is_no_difference(at_head: Connection) -> None:
    at_head.execute("ALTER INDEX index_latest_metrics_run_uuid RENAME TO ours")
    report = check(at_head, HEAD)
    assert (report.differences, report.notes) == ((), ())


def test_what_the_user_added_is_a_note(at_head: Connection) -> None:
    at_head.execute("CREATE TABLE reports (id int)")
    at_head.execute("CREATE INDEX by_status ON runs (status)")
    at_head.execute("ALTER TABLE runs ADD COLUMN team text")
    report = check(at_head, HEAD)
    assert (report.state, words(report)) == (State.CURRENT, ())
    assert report.notes == (
        "table runs: column team is not MLflow's",
        "table runs: index by_status (btree (status)) is not MLflow's",
        "table reports is not MLflow's",
    )


def test_all_differences_are_named_together(at_head: Connection) -> None:
    at_head.execute("DROP TABLE registered_model_aliases")
    at_head.execute("ALTER TABLE runs DROP COLUMN deleted_time")
    at_head.execute("DROP INDEX index_latest_metrics_run_uuid")
    assert len(words(check(at_head, HEAD))) == 3


def test_column_that_only_a_pending_revision_brings_tells_a_broken_migration(
    empty: Connection,
) -> None:
    build(empty, OLDER)
    table, column = added_column(OLDER, HEAD)
    empty.execute(f'ALTER TABLE "{table}" ADD COLUMN "{column}" text')
    report = check(empty, HEAD)
    assert report.state is State.HALF_MIGRATED
    assert not report.retryable
    assert words(report) == (f"table {table}: column {column} is there already",)
    assert list(report.pending) == releases.pending(OLDER, HEAD)
    assert report.notes == ()
    assert "restore the snapshot" in report.advice


def test_a_table_that_only_a_pending_revision_brings_tells_the_same(empty: Connection) -> None:
    build(empty, OLDER)
    empty.execute("CREATE TABLE logged_models (model_id text)")
    report = check(empty, HEAD)
    assert report.state is State.HALF_MIGRATED
    assert "table logged_models is there already" in words(report)


def test_what_the_user_added_to_an_older_database_is_no_broken_migration(
    empty: Connection,
) -> None:
    build(empty, OLDER)
    empty.execute("CREATE TABLE reports (id int); ALTER TABLE runs ADD COLUMN team text")
    assert check(empty, HEAD).state is State.BEHIND
