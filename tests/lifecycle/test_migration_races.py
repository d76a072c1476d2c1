"""The migration's script, started twice at once and killed anywhere, on real older databases."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import pytest

from cfn_mlflow import releases
from cfn_mlflow.schema_check import check as schema_check
from cfn_mlflow.upgrade.migration import command
from cfn_mlflow.upgrade.migration.script import LOCK
from local import environments
from tests.support.mlflow import old_databases
from tests.support.mlflow.migration_kit import (
    REPORT,
    SECONDS,
    Migrations,
    Run,
    holding,
    waits_for_lock,
    waits_for_table,
)
from tests.support.postgres import Connection, Server
from tests.support.waiting import until

HEAD = releases.head_of(environments.MLFLOW_VERSION) or ""
EMPTY = "empty"
BEGINNINGS = (EMPTY, *old_databases.RELEASES)
RACES = [
    pytest.param(release, marks=[pytest.mark.long] if number else [], id=f"{release}-{number}")
    for number in range(10)
    for release in BEGINNINGS
]
"""Each beginning once, and nine times more when there is time for it."""
FOLLOWING = "following"
COMMIT = 7
"""Number of the advisory lock that a commit is made to wait for."""
SLOW_COMMIT = f"""
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock({COMMIT}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON alembic_version DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION slow();
"""


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count()


@dataclass(frozen=True)
class Database:
    """A database with what a release left in it, and runs of the migration on it."""

    server: Server
    migrations: Migrations
    name: str
    connection: Connection

    @property
    def environment(self) -> dict[str, str]:
        return self.server.environment(self.name)

    def start(self, **more: str) -> Run:
        return self.migrations.start(self.environment, **more)

    def has_session(self, condition: str, name: str) -> bool:
        """Tell whether there is a session of which the condition holds."""
        found = f"SELECT 1 AS one FROM pg_stat_activity WHERE {condition}"  # noqa: S608 - our own
        return bool(self.connection.query(found, {"name": name}))

    def rows(self) -> dict[str, list[str]]:
        """Return every row of every table."""
        return {
            table: sorted(
                str(found["row"])
                for found in self.connection.query(
                    f"SELECT CAST(to_jsonb(t) AS text) AS row FROM {table} t"  # noqa: S608 - our own
                )
            )
            for table in schema_check.read(self.connection).schema
        }


@pytest.fixture
def database(
    server: Server, migrations: Migrations, numbers: Iterator[int], request: pytest.FixtureRequest
) -> Iterator[Database]:
    """The database of the release that the test's `release` says."""
    name = f"mlflow{next(numbers)}"
    with server.create(name) as connection:
        release = request.node.callspec.params["release"]
        if release != EMPTY:
            connection.execute(old_databases.statements(release))
        yield Database(server, migrations, name, connection)
    with server.connect("postgres") as session:
        session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def undisturbed(
    server: Server, migrations: Migrations, numbers: Iterator[int]
) -> Callable[[str], dict[str, list[str]]]:
    """Return what gives the rows of a release's database after a migration that went through.

    Its own migrations move some: the name of a trace was a tag, and is a column since 3.17.
    """

    @cache
    def rows(release: str) -> dict[str, list[str]]:
        name = f"mlflow{next(numbers)}"
        with server.create(name) as connection:
            connection.execute(old_databases.statements(release))
            database = Database(server, migrations, name, connection)
            assert database.start().end().outcome == "migrated"
            return database.rows()

    return rows


@pytest.mark.parametrize("release", RACES)
def test_of_two_that_start_together_one_migrates_and_the_other_finds_nothing_to_do(
    database: Database, release: str
) -> None:
    both = [database.start() for _ in range(2)]
    assert sorted(one.end().outcome for one in both) == ["current", "migrated"]
    report = schema_check.check(database.connection, HEAD)
    assert (report.state, report.differences) == ("current", ())


def before_it_reaches_the_database(database: Database, held: ExitStack) -> None:
    del held
    run = database.start(PGPORT="1")
    until(lambda: run.says("waiting for the database"))
    assert run.kill().outcome == "out-of-memory"


def before_it_asks_for_the_lock(database: Database, held: ExitStack) -> None:
    """Not a fork: its import of MLflow, between connecting and locking, takes its time."""
    del held
    process = subprocess.Popen(  # noqa: S603 - our own command
        [str(environments.image()), *command()],
        env={**database.environment, "PGAPPNAME": "to be killed"},
        stdout=subprocess.DEVNULL,
    )
    until(lambda: database.has_session("application_name = :name", "to be killed"))
    process.kill()
    process.wait()


def while_it_waits_for_the_lock(database: Database, held: ExitStack) -> None:
    held.enter_context(holding(database.server, database.name, f"SELECT pg_advisory_lock({LOCK})"))
    run = database.start()
    until(lambda: run.says("another migration is running"))
    assert run.kill().outcome == "out-of-memory"


def when_it_has_the_lock_and_nothing_else(database: Database, held: ExitStack) -> None:
    killed_at_table(database, held, "alembic_version", "ACCESS EXCLUSIVE")


def when_it_changes_the_runs_parameters(database: Database, held: ExitStack) -> None:
    killed_at_table(database, held, "params")


def when_it_changes_the_model_versions(database: Database, held: ExitStack) -> None:
    killed_at_table(database, held, "model_versions")


def when_it_changes_the_experiments(database: Database, held: ExitStack) -> None:
    killed_at_table(database, held, "experiments")


def when_it_changes_the_last_table(database: Database, held: ExitStack) -> None:
    killed_at_table(database, held, "jobs")


def when_it_commits(database: Database, held: ExitStack) -> None:
    """The server, which cannot see that the client is gone, will go on with the commit."""
    database.connection.execute(SLOW_COMMIT)
    held.callback(database.connection.execute, "DROP FUNCTION slow CASCADE")
    held.enter_context(
        holding(database.server, database.name, f"SELECT pg_advisory_lock({COMMIT})")
    )
    run = database.start()
    until(lambda: waits_for_lock(database.connection, COMMIT))
    assert run.kill().outcome == "out-of-memory"


def when_it_reads_what_it_has_committed(database: Database, held: ExitStack) -> None:
    """The table with the revision is locked as soon as the migration lets go of it."""
    until_then = ExitStack()
    lock = "LOCK TABLE model_versions IN ACCESS SHARE MODE"
    until_then.enter_context(holding(database.server, database.name, lock))
    run = database.start()
    until(lambda: waits_for_table(database.connection, "model_versions"))
    reader = held.enter_context(database.server.connect(database.name))
    lock = "BEGIN; LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"
    thread = threading.Thread(target=reader.execute, args=(lock,))
    thread.start()
    until(lambda: waits_for_table(database.connection, "alembic_version", "AccessExclusiveLock"))
    until_then.close()
    thread.join(SECONDS)
    until(lambda: waits_for_table(database.connection, "alembic_version", "AccessShareLock"))
    assert run.kill().outcome == "out-of-memory"


def killed_at_table(
    database: Database, held: ExitStack, table: str, mode: str = "ACCESS SHARE"
) -> None:
    """Kill a run that cannot go on, for another session reads the table."""
    lock = f"LOCK TABLE {table} IN {mode} MODE"
    held.enter_context(holding(database.server, database.name, lock))
    run = database.start()
    until(lambda: waits_for_table(database.connection, table))
    assert run.kill().outcome == "out-of-memory"


MOMENTS = [
    (before_it_reaches_the_database, "1.30.1"),
    (before_it_asks_for_the_lock, "2.0.1"),
    (while_it_waits_for_the_lock, "2.22.5"),
    (when_it_has_the_lock_and_nothing_else, "3.1.4"),
    (when_it_changes_the_runs_parameters, "1.30.1"),
    (when_it_changes_the_model_versions, "2.0.1"),
    (when_it_changes_the_experiments, "2.22.5"),
    (when_it_changes_the_last_table, "3.16.1"),
    (when_it_commits, "3.1.4"),
    (when_it_reads_what_it_has_committed, "2.22.5"),
]
ANYWHERE = (
    before_it_reaches_the_database,
    before_it_asks_for_the_lock,
    while_it_waits_for_the_lock,
    when_it_has_the_lock_and_nothing_else,
    when_it_commits,
)
"""Moments of every migration, whatever tables it changes."""
EVERYWHERE = [
    pytest.param(kill, release, marks=pytest.mark.long)
    for kill in ANYWHERE
    for release in old_databases.RELEASES
    if (kill, release) not in MOMENTS
]


@pytest.mark.parametrize(("kill", "release"), [*MOMENTS, *EVERYWHERE])
def test_after_a_kill_at_any_moment_the_next_attempt_completes_and_no_row_is_lost(
    database: Database, undisturbed: Callable[[str], Any], kill: Any, release: str
) -> None:
    with ExitStack() as held:
        kill(database, held)
        # The next one is there at once, while the server still has what the killed one left.
        following = database.start(PGAPPNAME=FOLLOWING)
        until(lambda: is_held_up(database, following))
    assert following.end().outcome in {"migrated", "current"}, following.output
    report = schema_check.check(database.connection, HEAD)
    assert (report.state, report.differences) == ("current", ())
    assert database.rows() == undisturbed(release)


def is_held_up(database: Database, run: Run) -> bool:
    """Tell whether a run has come to its end, or to where something that is held keeps it."""
    waits = "application_name = :name AND wait_event_type = 'Lock'"
    return (
        run.says(REPORT)
        or run.says("another migration is running")
        or database.has_session(waits, FOLLOWING)
    )
