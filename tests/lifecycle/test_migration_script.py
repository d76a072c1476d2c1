"""The migration task's script, run by the interpreter of a real MLflow on a real PostgreSQL.

One run is a container's; the others are forks of a process that has imported MLflow already.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import count

import pytest

from cfn_mlflow import releases
from cfn_mlflow.schema_check import check as schema_check
from cfn_mlflow.upgrade.migration import command
from cfn_mlflow.upgrade.migration.result import Result, parse
from cfn_mlflow.upgrade.migration.script import LOCK
from local import environments
from tests.support.mlflow.migration_kit import REPORT, Migrations
from tests.support.postgres import PASSWORD, Connection, Server
from tests.support.waiting import until

OLDER = "0584bdc529eb"
HEAD = releases.head_of(environments.MLFLOW_VERSION) or ""
NEWER = releases.pending(HEAD, "f4a9b2c7d1e6")[0]
AT_REVISION = (
    "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES {}"
)
UPGRADE_TO = """
import sys, sqlalchemy, mlflow.store.db.utils as db
from alembic import command
engine = sqlalchemy.create_engine("postgresql+psycopg2://")
db.InitialBase.metadata.create_all(engine)
if len(sys.argv) > 1:
    config = db._get_alembic_config("postgresql+psycopg2://")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, sys.argv[1])
"""


@pytest.fixture
def database(server: Server, names: Iterator[str]) -> Iterator[tuple[str, Connection]]:
    name = next(names)
    with server.create(name) as connection:
        yield name, connection


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"mlflow{number}" for number in count())


Database = tuple[str, Connection]


def migrate(migrations: Migrations, environment: dict[str, str], **more: str) -> Result:
    return migrations.start(environment, **more).end()


def upgrade_to(migrations: Migrations, environment: dict[str, str], *revision: str) -> None:
    run = migrations.start_script(UPGRADE_TO, environment, *revision)
    assert run.end_code() == 0, run.output


def in_a_container(environment: dict[str, str]) -> Result:
    """Run the command that a task runs, by an interpreter of its own that has imported nothing."""
    done = subprocess.run(  # noqa: S603 - our own command
        [str(environments.image()), *command()],
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert PASSWORD not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith(REPORT), done.stderr
    return parse(done.stdout.splitlines(), done.returncode)


def waiting_for_a_lock(connection: Connection) -> bool:
    rows = connection.query(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    return bool(rows)


def test_empty_database_gets_what_the_release_declares_in_the_first_run_alone(
    server: Server, database: Database
) -> None:
    name, connection = database
    first = in_a_container(server.environment(name))
    assert (first.outcome, first.found, first.expected) == ("migrated", None, HEAD)
    assert list(first.pending) == releases.pending(None, HEAD)
    report = schema_check.check(connection, HEAD)
    assert (report.state, report.differences, report.notes) == ("current", (), ())
    second = in_a_container(server.environment(name))
    assert (second.outcome, second.found, second.pending) == ("current", HEAD, ())


def test_the_images_libpq_can_be_told_which_proof_to_ask_for() -> None:
    """Since 16 it reads PGREQUIREAUTH; an earlier one tells its password to whoever asks."""
    version = "import psycopg2; print(psycopg2.extensions.libpq_version())"
    done = subprocess.run(  # noqa: S603 - our own program
        [str(environments.image()), "-c", version], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) >= 160_000


def test_a_database_behind_is_brought_up_and_its_rows_stay(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    upgrade_to(migrations, server.environment(name), OLDER)
    connection.execute("INSERT INTO experiments (name) VALUES ('kept')")
    result = migrate(migrations, server.environment(name))
    assert (result.outcome, result.found) == ("migrated", OLDER)
    assert list(result.pending) == releases.pending(OLDER, HEAD)
    assert schema_check.check(connection, HEAD).differences == ()
    assert connection.query("SELECT name FROM experiments") == [{"name": "kept"}]


def test_migration_killed_in_the_middle_leaves_the_old_schema_to_the_next_one(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    upgrade_to(migrations, server.environment(name), OLDER)
    before = schema_check.read(connection)
    with server.connect(name) as reader:
        reader.execute("BEGIN; LOCK TABLE model_versions IN ACCESS SHARE MODE")
        run = migrations.start(server.environment(name))
        until(lambda: waiting_for_a_lock(connection))
        assert run.kill().outcome == "out-of-memory"
    assert schema_check.read(connection) == before
    assert migrate(migrations, server.environment(name)).outcome == "migrated"
    assert schema_check.check(connection, HEAD).differences == ()


def test_a_database_that_goes_away_in_the_middle_can_be_tried_again(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    upgrade_to(migrations, server.environment(name), OLDER)
    before = schema_check.read(connection)
    with server.connect(name) as reader:
        reader.execute("BEGIN; LOCK TABLE model_versions IN ACCESS SHARE MODE")
        run = migrations.start(server.environment(name))
        until(lambda: waiting_for_a_lock(connection))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        result = run.end()
    assert (result.outcome, result.retryable) == ("unreachable", True)
    assert schema_check.read(connection) == before
    assert migrate(migrations, server.environment(name)).outcome == "migrated"


def test_a_login_that_may_not_make_tables_fails_with_the_databases_words(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    connection.execute(f"CREATE ROLE bystander LOGIN PASSWORD '{PASSWORD}'")
    result = migrate(migrations, server.environment(name, user="bystander"))
    assert (result.outcome, result.done) == ("failed", False)
    assert "permission denied for schema public" in result.words


def test_a_first_start_cut_short_before_its_first_revision_is_completed(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    upgrade_to(migrations, server.environment(name))
    assert schema_check.check(connection, HEAD).state == "empty"
    assert migrate(migrations, server.environment(name)).outcome == "migrated"


def test_first_tables_with_rows_and_no_revision_are_not_touched(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    upgrade_to(migrations, server.environment(name))
    connection.execute("INSERT INTO experiments (name) VALUES ('whose?')")
    before = schema_check.read(connection)
    assert migrate(migrations, server.environment(name)).outcome == "foreign"
    assert schema_check.read(connection) == before


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("CREATE TABLE orders (id int)", ("foreign", "another application")),
        (
            AT_REVISION.format(f"('{NEWER}')") + "; CREATE TABLE experiments (id int)",
            ("ahead", "use MLflow 3.18.0 or newer"),
        ),
        (
            AT_REVISION.format("('ffffffffffff')"),
            ("unknown", "Use the image that migrated it"),
        ),
        (
            AT_REVISION.format(f"('{HEAD}'), ('{OLDER}')"),
            ("unknown", f"{OLDER}+{HEAD}"),
        ),
    ],
    ids=["foreign", "ahead", "unknown", "two revisions"],
)
def test_a_database_that_cannot_be_migrated_is_named_and_not_touched(
    server: Server,
    migrations: Migrations,
    database: Database,
    statements: str,
    expected: tuple[str, str],
) -> None:
    name, connection = database
    connection.execute(statements)
    before = schema_check.read(connection)
    result = migrate(migrations, server.environment(name))
    assert (result.outcome, result.done, result.retryable) == (expected[0], False, False)
    assert expected[1] in result.words
    assert schema_check.read(connection) == before


def test_a_lock_that_is_never_released_ends_the_wait(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    connection.execute(f"SELECT pg_advisory_lock({LOCK})")
    result = migrate(migrations, server.environment(name), CFN_MLFLOW_LOCK_SECONDS="1")
    assert (result.outcome, result.retryable) == ("locked", True)
    assert schema_check.read(connection).schema == {}


def test_a_wrong_password_is_refused_without_being_shown(
    server: Server, migrations: Migrations, database: Database
) -> None:
    wrong = "not the p@ssword of anyone"
    run = migrations.start(server.environment(database[0], password=wrong))
    result = run.end()
    assert result.outcome == "login-refused"
    assert "password authentication failed" in result.words
    assert wrong not in run.output


def test_a_server_that_is_not_there_is_unreachable(server: Server, migrations: Migrations) -> None:
    environment = server.environment("postgres") | {"PGPORT": "1"}
    result = migrate(migrations, environment, CFN_MLFLOW_CONNECT_SECONDS="1")
    assert (result.outcome, result.retryable) == ("unreachable", True)


def test_objects_belong_to_the_owner_role_that_cannot_log_in(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    for statement in (
        "CREATE ROLE mlflow_owner NOLOGIN",
        "GRANT mlflow_owner TO CURRENT_USER",
        f'ALTER DATABASE "{name}" OWNER TO mlflow_owner',
        f"CREATE ROLE mlflow_migrator LOGIN PASSWORD '{PASSWORD}' IN ROLE mlflow_owner",
        "ALTER ROLE mlflow_migrator SET ROLE mlflow_owner",
    ):
        connection.execute(statement)
    result = migrate(migrations, server.environment(name, user="mlflow_migrator"))
    assert result.outcome == "migrated", result.words
    owners = connection.query(
        "SELECT DISTINCT CAST(pg_get_userbyid(relowner) AS text) AS owner FROM pg_class"
        " WHERE relkind IN ('r', 'i', 'S') AND relnamespace = CAST('public' AS regnamespace)"
    )
    assert owners == [{"owner": "mlflow_owner"}]


def test_time_limits_set_for_the_service_do_not_cut_a_migration(
    server: Server, migrations: Migrations, database: Database
) -> None:
    name, connection = database
    connection.execute(f"ALTER DATABASE \"{name}\" SET statement_timeout = '5ms'")
    connection.execute(f"ALTER DATABASE \"{name}\" SET idle_session_timeout = '500ms'")
    assert migrate(migrations, server.environment(name)).outcome == "migrated"
