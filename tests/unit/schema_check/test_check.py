"""The schema check on a real PostgreSQL, with tables as the releases' data declares them.

tests/lifecycle/test_migration_script.py shows that a real MLflow makes the same tables.
"""

from __future__ import annotations

from cfn_mlflow import releases
from cfn_mlflow.schema_check.check import State, check
from tests.support.checked_schema import (
    HEAD,
    NEWER,
    OLDER,
    USERS_HEAD,
    at_head,
    build,
    empty,
    names,
    server,
    with_users,
    words,
)
from tests.support.postgres import Connection

__all__ = ["at_head", "empty", "names", "server"]


def test_a_schema_as_declared_is_current_and_without_differences(at_head: Connection) -> None:
    report = check(at_head, HEAD)
    assert (report.state, report.found, report.pending) == (State.CURRENT, HEAD, ())
    assert (report.differences, report.notes, report.advice) == ((), (), "")


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


# ---- The tables of MLflow's users


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


def test_the_users_tables_share_no_name_with_the_others() -> None:
    others = releases.declared(HEAD) or {}
    assert not releases.USERS.all_tables() & others.keys()
    assert releases.auth_head_of("3.17.2") == USERS_HEAD
    assert releases.USERS.position(USERS_HEAD) is not None
