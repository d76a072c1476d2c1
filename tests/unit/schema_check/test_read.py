"""What is read of a database: by SELECTs alone, a page at a time, all of one moment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cfn_mlflow.aws.rdsdata.database import Row, Value
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.schema_check import read as schema_read
from cfn_mlflow.schema_check.check import State, check
from cfn_mlflow.upgrade.migration.script import LOCK
from tests.support.checked_schema import (
    HEAD,
    NEWER,
    OLDER,
    at_head,
    build,
    empty,
    names,
    server,
    with_users,
    words,
)
from tests.support.postgres import Connection, Server

__all__ = ["at_head", "empty", "names", "server"]


def another_session(server: Server, connection: Connection) -> Connection:
    """Return a second session in the same database."""
    return server.connect(str(connection.query("SELECT current_database() AS name")[0]["name"]))


@pytest.mark.parametrize("revision", [OLDER, None])
def test_database_is_locked_while_a_migration_of_ours_holds_its_lock(
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
