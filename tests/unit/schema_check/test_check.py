"""The schema check on a real PostgreSQL, with tables as the releases' data declares them.

tests/lifecycle/test_migration_script.py shows that a real MLflow makes the same tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import pytest
from psycopg2.errors import LockNotAvailable, ReadOnlySqlTransaction

from cfn_mlflow import releases
from cfn_mlflow.aws.rdsdata.database import Row, Value
from cfn_mlflow.aws.rdsdata.read_only import READ_ONLY
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.releases.chain import Chain
from cfn_mlflow.schema_check import read as schema_read
from cfn_mlflow.schema_check.check import SchemaReport, State, check
from cfn_mlflow.upgrade.migration.script import LOCK
from tests.support.postgres import Connection, Server, running

HEAD = "dc11669786a5"
OLDER = "0584bdc529eb"
NEWER = "e7d1f4b2a9c6"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"mlflow{number}" for number in count())


@pytest.fixture
def empty(server: Server, names: Iterator[str]) -> Iterator[Connection]:
    with server.create(next(names)) as connection:
        yield connection


@pytest.fixture
def at_head(empty: Connection) -> Connection:
    build(empty, HEAD)
    return empty


def build(
    connection: Connection,
    revision: str,
    chain: Chain = releases.MLFLOW,
    versions: str = "alembic_version",
) -> None:
    """Create the tables, columns and indexes of a revision."""
    statements = [
        f"CREATE TABLE {versions} (version_num varchar(32) PRIMARY KEY)",
        f"INSERT INTO {versions} VALUES ('{revision}')",  # noqa: S608 - a revision of our own
    ]
    for name, table in (chain.declared(revision) or {}).items():
        columns = ", ".join(f'"{column}" {what}' for column, what in table.columns.items())
        statements.append(f'CREATE TABLE "{name}" ({columns})')
        for index, definition in table.indexes.items():
            kind, _, covered = definition.partition("btree ")
            if kind == "primary key ":
                statements.append(
                    f'ALTER TABLE "{name}" ADD CONSTRAINT "{index}" PRIMARY KEY {covered}'
                )
            else:
                statements.append(f'CREATE {kind}INDEX "{index}" ON "{name}" {covered}')
    connection.execute("; ".join(statements))


def added_column(older: str, newer: str) -> tuple[str, str]:
    """Return a column that only the newer revision has, of a table that both have."""
    before, after = releases.declared(older) or {}, releases.declared(newer) or {}
    return next(
        (name, column)
        for name in sorted(before.keys() & after.keys())
        for column in sorted(after[name].columns.keys() - before[name].columns.keys())
    )


def another_session(server: Server, connection: Connection) -> Connection:
    """Return a second session in the same database."""
    return server.connect(str(connection.query("SELECT current_database() AS name")[0]["name"]))


def words(report: SchemaReport) -> tuple[str, ...]:
    assert len(report.advice.encode()) <= 240
    return report.differences


def test_a_schema_as_declared_is_current_and_without_differences(at_head: Connection) -> None:
    report = check(at_head, HEAD)
    assert (report.state, report.found, report.pending) == (State.CURRENT, HEAD, ())
    assert (report.differences, report.notes, report.advice) == ((), (), "")


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


def test_what_breaks_an_upgrade_is_told_apart_from_what_only_slows_mlflow_down(
    at_head: Connection,
) -> None:
    at_head.execute("DROP TABLE registered_model_aliases")
    at_head.execute("ALTER TABLE runs DROP COLUMN deleted_time")
    at_head.execute("DROP INDEX index_latest_metrics_run_uuid")
    report = check(at_head, HEAD)
    assert report.damage == (
        "table registered_model_aliases is missing",
        "table runs: column deleted_time is missing",
    )
    assert [name.split(" (")[0] for name in report.missing_indexes] == [
        "table latest_metrics: index index_latest_metrics_run_uuid"
    ]
    assert report.differences == (*report.damage, *report.missing_indexes)


def test_a_missing_index_alone_is_no_damage(at_head: Connection) -> None:
    at_head.execute("DROP INDEX index_latest_metrics_run_uuid")
    report = check(at_head, HEAD)
    assert (report.damage, len(report.missing_indexes), report.sound) == ((), 1, False)


def test_a_column_of_a_pending_revision_shows_that_a_migration_was_interrupted(
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


@pytest.mark.parametrize("revision", [OLDER, None])
def test_while_a_migration_of_ours_holds_its_lock_the_database_is_locked(
    server: Server, empty: Connection, revision: str | None
) -> None:
    if revision:
        build(empty, revision)
    with another_session(server, empty) as migration:
        migration.execute(f"SELECT pg_advisory_lock({LOCK})")
        report = check(empty, HEAD)
        assert (report.state, report.found) == (State.LOCKED, revision)
        assert report.retryable
        assert words(report) == ()
        migration.execute(f"SELECT pg_advisory_unlock({LOCK})")
        assert check(empty, HEAD).state is (State.BEHIND if revision else State.EMPTY)


def test_a_second_migration_that_finds_nothing_to_do_leaves_the_database_current(
    server: Server, at_head: Connection
) -> None:
    with another_session(server, at_head) as migration:
        migration.execute(f"SELECT pg_advisory_lock({LOCK})")
        assert check(at_head, HEAD).state is State.CURRENT


def test_a_lock_of_somebody_else_or_in_another_database_is_none_of_ours(
    server: Server, empty: Connection
) -> None:
    with another_session(server, empty) as other, server.connect("postgres") as elsewhere:
        other.execute(f"SELECT pg_advisory_lock({LOCK + 1}), pg_advisory_lock(7, 8)")
        elsewhere.execute(f"SELECT pg_advisory_lock({LOCK})")
        assert check(empty, HEAD).state is State.EMPTY


def test_a_database_without_tables_is_empty(empty: Connection) -> None:
    report = check(empty, HEAD)
    assert (report.state, report.found) == (State.EMPTY, None)
    assert list(report.pending) == releases.pending(None, HEAD)
    assert words(report) == ()


def test_an_older_database_is_behind_by_the_pending_revisions_and_sound_in_itself(
    empty: Connection,
) -> None:
    build(empty, OLDER)
    report = check(empty, HEAD)
    assert (report.state, report.found) == (State.BEHIND, OLDER)
    assert list(report.pending) == releases.pending(OLDER, HEAD)
    assert words(report) == ()
    empty.execute("DROP INDEX index_latest_metrics_run_uuid")
    assert len(words(check(empty, HEAD))) == 1


def test_a_newer_database_is_ahead(empty: Connection) -> None:
    build(empty, NEWER)
    report = check(empty, HEAD)
    assert (report.state, report.pending, words(report)) == (State.AHEAD, (), ())
    assert "no way back" in report.advice


def test_a_revision_that_no_release_has_is_unknown(at_head: Connection) -> None:
    at_head.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    report = check(at_head, HEAD)
    assert (report.state, report.found) == (State.UNKNOWN, "ffffffffffff")
    assert (words(report), report.notes) == ((), ())
    assert "No MLflow release known" in report.advice


def test_tables_without_a_revision_are_another_applications(empty: Connection) -> None:
    empty.execute("CREATE TABLE orders (id int)")
    report = check(empty, HEAD)
    assert (report.state, report.notes) == (State.FOREIGN, ("table orders is not MLflow's",))
    assert "another application" in report.advice


def test_a_release_newer_than_the_provider_is_current_by_its_revision_alone(
    at_head: Connection,
) -> None:
    at_head.execute("UPDATE alembic_version SET version_num = 'abcabcabcabc'")
    report = check(at_head, "abcabcabcabc")
    assert (report.state, words(report), report.notes) == (State.CURRENT, (), ())


def test_what_an_extension_brings_and_what_another_schema_holds_is_not_looked_at(
    empty: Connection,
) -> None:
    empty.execute("CREATE SCHEMA theirs; CREATE TABLE theirs.orders (id int)")
    empty.execute("CREATE TEMPORARY TABLE passing (id int)")
    assert check(empty, HEAD).state is State.FOREIGN
    empty.execute("DROP TABLE passing")
    assert check(empty, HEAD).state is State.EMPTY


def test_many_tables_are_read_page_by_page(
    at_head: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = schema_read.read(at_head)
    monkeypatch.setattr(schema_read, "_COLUMNS_A_PAGE", 7)
    monkeypatch.setattr(schema_read, "_INDEXES_A_PAGE", 1)
    assert schema_read.read(at_head) == whole


def test_five_statements_read_all_and_each_is_a_select(at_head: Connection) -> None:
    at_head.statements.clear()
    check(at_head, HEAD)
    assert len(at_head.statements) == 5
    assert all(statement.split()[0] == "SELECT" for statement in at_head.statements)


def test_a_login_that_may_not_read_the_rows_still_sees_the_tables(at_head: Connection) -> None:
    at_head.execute("CREATE ROLE looker")
    at_head.execute("GRANT looker TO CURRENT_USER; GRANT SELECT ON alembic_version TO looker")
    at_head.execute("SET ROLE looker")
    assert check(at_head, HEAD).differences == ()


def test_a_migration_that_ends_while_reading_is_looked_at_again(at_head: Connection) -> None:
    class Migrating:
        def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
            rows = at_head.query(sql, parameters)
            if "pg_index" in sql:
                at_head.execute(f"UPDATE alembic_version SET version_num = '{NEWER}'")  # noqa: S608 - a revision of our own
            return rows

    with pytest.raises(TemporaryError):
        check(Migrating(), HEAD)


@pytest.mark.parametrize("revision", [HEAD, OLDER, None])
def test_all_of_it_runs_in_one_transaction_in_which_postgresql_refuses_to_write(
    empty: Connection, revision: str | None
) -> None:
    if revision:
        build(empty, revision)
    told = check(empty, HEAD)
    empty.execute(f"BEGIN; {READ_ONLY}")
    assert check(empty, HEAD) == told
    with pytest.raises(ReadOnlySqlTransaction):
        empty.execute("CREATE TABLE written (id int)")
    empty.execute("ROLLBACK")
    assert check(empty, HEAD) == told


# ---- The tables of MLflow's users


USERS_HEAD = "f1a2b3c4d5e6"


def with_users(connection: Connection, revision: str = USERS_HEAD) -> Connection:
    """Create the tables of MLflow's users, as a server with basic-auth does."""
    build(connection, revision, releases.USERS, "alembic_version_auth")
    return connection


def test_the_tables_of_mlflows_users_are_no_strangers(at_head: Connection) -> None:
    report = check(with_users(at_head), HEAD)
    assert (report.state, report.differences, report.notes) == (State.CURRENT, (), ())
    assert report.sound


def test_a_missing_table_and_a_missing_column_of_the_users_are_named(at_head: Connection) -> None:
    with_users(at_head)
    at_head.execute("DROP TABLE user_role_assignments; ALTER TABLE users DROP COLUMN is_admin")
    report = check(at_head, HEAD)
    assert words(report) == (
        "table user_role_assignments is missing",
        "table users: column is_admin is missing",
    )
    assert not report.sound


def test_users_tables_at_an_older_revision_are_compared_with_that_one(at_head: Connection) -> None:
    report = check(with_users(at_head, "0965eb92f5f0"), HEAD)
    assert (report.differences, report.notes) == ((), ())


def test_users_tables_from_before_they_had_a_revision_are_known(at_head: Connection) -> None:
    with_users(at_head, releases.USERS.first)
    at_head.execute("DROP TABLE alembic_version_auth")
    report = check(at_head, HEAD)
    assert (report.differences, report.notes) == ((), ())


def test_users_tables_of_a_revision_nobody_knows_are_no_strangers(at_head: Connection) -> None:
    with_users(at_head)
    at_head.execute("UPDATE alembic_version_auth SET version_num = 'ffffffffffff'")
    report = check(at_head, HEAD)
    assert (report.differences, report.notes) == ((), ())


def test_users_tables_without_any_of_mlflows_are_a_start_that_was_cut_short(
    empty: Connection,
) -> None:
    assert check(with_users(empty), HEAD).state is State.EMPTY


def test_a_login_that_may_not_read_the_users_revision_reads_all_the_rest(
    server: Server, at_head: Connection
) -> None:
    with_users(at_head)
    name = str(at_head.query("SELECT current_database() AS name")[0]["name"])
    at_head.execute(
        f"CREATE ROLE reader_{name} LOGIN PASSWORD 'reader'; "
        f"GRANT SELECT ON alembic_version TO reader_{name}"
    )
    reader = server.connect(name, f"reader_{name}", "reader")
    report = check(reader, HEAD)
    assert (report.state, report.differences) == (State.CURRENT, ())


def test_the_users_tables_share_no_name_with_the_others() -> None:
    others = releases.declared(HEAD) or {}
    assert not releases.USERS.all_tables() & others.keys()
    assert releases.auth_head_of("3.17.2") == USERS_HEAD
    assert releases.USERS.position(USERS_HEAD) is not None
