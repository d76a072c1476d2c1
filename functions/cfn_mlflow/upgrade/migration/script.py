"""Bring an MLflow database to this image's schema: the script that the migration task runs.

It runs as `python -c` in the service's own unmodified image. So it may use only what the image
has: MLflow's own upgrade, under a lock. libpq's PG* variables name the database. With
CFN_MLFLOW_ONLY_LOOK it changes nothing, and tells what it would do. The answer is the exit code,
and one JSON object in the last line of the log. The script prints no secret.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
import time
import traceback
from typing import Any, NoReturn

EXIT_CODES = {
    "current": 0,
    "migrated": 0,
    "failed": 1,
    "ahead": 3,
    "foreign": 4,
    "locked": 5,
    "no-driver": 6,
    "login-refused": 7,
    "unreachable": 8,
    "no-mlflow": 9,
    "behind": 10,
    "empty": 11,
    "no-basic-auth": 12,
    "blocked": 13,
}

LOCK = 0x63666E6D6C666C77  # "cfnmlflw", the session lock that all runners on a database share
ONLY_LOOK = os.environ.get("CFN_MLFLOW_ONLY_LOOK") == "true"
BASIC_AUTH = os.environ.get("CFN_MLFLOW_BASIC_AUTH") == "true"
LOCK_SECONDS = float(os.environ.get("CFN_MLFLOW_LOCK_SECONDS", "900"))
CONNECT_SECONDS = float(os.environ.get("CFN_MLFLOW_CONNECT_SECONDS", "90"))
# Connections to a new database may get no answer for minutes after it is available.
NO_ANSWER = ["timeout expired", "timed out"]
NO_ANSWER_SECONDS = 300
# Not "no pg_hba.conf entry": a paused Aurora may say so while it wakes.
REFUSALS = [
    "authentication failed",
    "authentication method requirement",
    "no password",
    '" does not exist',
    "not permitted to log in",
    "permission denied for",
]
BLOCKED = "55P03"  # somebody else's transaction holds a lock on a table of MLflow's
GONE = (None, "57P01", "57P02", "57P03")  # the connection was lost, or the server goes or comes

# Both ends notice a dead peer, so a lost runner's lock is free after a minute. No time limit that
# was set for the service's short statements may cut a migration.
CONNECTION = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "options": "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    " -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=120s",
}
NO_IDLE_LIMIT = """
SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'
"""
TABLES = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


class End(Exception):  # noqa: N818 - it ends the task, well or badly
    """Ends the task with its outcome, and the reason in words."""


def say(line: str) -> None:
    """Write a line to the log at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def connect(psycopg2: Any) -> Any:
    """Return a connection in autocommit; keep trying, because a paused database has to wake.

    Raises End if the login is refused, or the database does not answer in time.
    """
    began = time.monotonic()
    while True:
        try:
            connection = psycopg2.connect("", **CONNECTION)
        except psycopg2.OperationalError as error:
            if any(words in str(error) for words in REFUSALS):
                raise End("login-refused", str(error)) from None
            unanswered = any(words in str(error) for words in NO_ANSWER)
            limit = max(CONNECT_SECONDS, NO_ANSWER_SECONDS if unanswered else 0)
            if time.monotonic() - began > limit:
                raise End("unreachable", str(error)) from None
        else:
            connection.autocommit = True
            column(connection, NO_IDLE_LIMIT)  # PostgreSQL 13 has no such setting to set by name
            return connection
        say("waiting for the database")
        time.sleep(2)


def column(connection: Any, sql: str, *values: object) -> list[Any]:
    """Return the first column of the rows that a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def lock(connection: Any) -> None:
    """Wait for the lock, which the connection's end releases. Raises End after 15 minutes."""
    until = time.monotonic() + LOCK_SECONDS
    while not column(connection, "SELECT pg_catalog.pg_try_advisory_lock(%s)", LOCK)[0]:
        if time.monotonic() > until:
            raise End("locked", f"another migration has held the lock for {LOCK_SECONDS:.0f} s")
        say("another migration is running: waiting for it")
        time.sleep(1)


def revision(connection: Any, tables: set[str], of: str = "alembic_version") -> str | None:
    """Return the database's revision; None without one; `a+b` for two, which MLflow never has."""
    if of not in tables:
        return None
    sql = f"SELECT version_num FROM {of} ORDER BY 1 LIMIT 2"  # noqa: S608 - a name of MLflow's
    return "+".join(column(connection, sql)) or None


def chain_of(config: Any) -> list[str]:
    """Return all revisions of a migration config of MLflow's, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - MLflow's

    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def untouched(connection: Any, tables: set[str], initial: set[str]) -> bool:
    """Tell whether there is no table, or only the empty first ones of an interrupted start."""
    tables = {name for name in tables if not name.startswith("alembic_")}
    return tables <= initial and not any(
        column(connection, f'SELECT 1 FROM "{name}" LIMIT 1')  # noqa: S608 - a name of MLflow's
        for name in tables
    )


def beyond(found: str | None, chain: list[str]) -> list[str]:
    """Return the revisions after the found one. Raises End if this image does not know it."""
    if found is not None and found not in chain:
        raise End("ahead", f"this MLflow has no revision {found}")
    return chain[chain.index(found) + 1 :] if found else chain


def auth_database() -> Any:
    """Return MLflow's migrations of the basic-auth tables; None if basic-auth is off."""
    if not BASIC_AUTH:
        return None
    try:
        import mlflow.server.auth.db.utils as auth  # noqa: PLC0415 - MLflow's
    except ImportError as error:
        raise End("no-basic-auth", str(error)) from None
    return auth


def look(connection: Any, report: dict[str, Any], db: Any, auth: Any) -> bool:
    """Fill the report with the revisions and what is pending; tell whether the database is empty.

    Raises End if the database is ahead of the image, or another application's.
    """
    tables = set(column(connection, TABLES))
    chain = chain_of(db._get_alembic_config(""))
    report["expected"] = chain[-1]
    report["from"] = report["to"] = found = revision(connection, tables)
    pending = beyond(found, chain)
    report["pending"] = list(pending)
    empty = found is None and untouched(connection, tables, set(db.InitialBase.metadata.tables))
    if found is None and not empty:
        raise End("foreign", "there are tables, but no revision of MLflow")
    if auth:
        of_auth = revision(connection, tables, "alembic_version_auth")
        chain = chain_of(auth._get_alembic_config(""))
        report["expected_auth"] = f"auth-{chain[-1]}"
        if of_auth not in (None, *chain):
            report["ahead"] = f"auth-{of_auth}"
        report["pending"] += [f"auth-{step}" for step in beyond(of_auth, chain)]
    return empty


def migrate(report: dict[str, Any]) -> NoReturn:
    """Migrate and fill the report. Always raises `End`, or the error that stopped it."""
    if not importlib.util.find_spec("mlflow"):
        raise End("no-mlflow", "there is no MLflow in this image")
    try:
        import psycopg2  # noqa: PLC0415 - its absence is an outcome
        import sqlalchemy  # noqa: PLC0415 - as above
    except ImportError as error:
        raise End("no-driver", str(error)) from None
    connection = connect(psycopg2)
    import mlflow  # noqa: PLC0415 - an import of seconds, not paid for a refused login
    import mlflow.store.db.utils as db  # noqa: PLC0415 - MLflow's

    report["mlflow"] = mlflow.__version__
    auth = auth_database()
    if not ONLY_LOOK:
        lock(connection)
    empty = look(connection, report, db, auth)
    if not report["pending"]:
        raise End("current", "")
    if ONLY_LOOK:
        raise End("empty" if empty else "behind", "")

    say(f"migrating from revision {report['from']}: {', '.join(report['pending'])}")
    # On the connection that has the lock: a server process that goes on without its killed client
    # keeps the lock until it has committed or rolled back.
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg2://", poolclass=sqlalchemy.pool.StaticPool, creator=lambda: connection
    )
    if report["from"] != report["expected"]:
        connection.autocommit = False
        upgrade = db._initialize_tables if empty else db._upgrade_db
        upgrade(engine)
        connection.autocommit = True
    report["to"] = revision(connection, {"alembic_version"})
    if report["to"] != report["expected"]:
        raise End("failed", "MLflow's upgrade ended at another revision")
    if auth:  # the tracking tables first: MLflow makes them only in a database without others
        auth.migrate(engine, "head")
    raise End("migrated", "")


def without_secrets(text: str) -> str:
    """Return the text with `***` for every secret of the environment."""
    for name, value in os.environ.items():
        if value and any(word in name for word in ("PASS", "SECRET", "KEY", "TOKEN")):
            text = text.replace(value, "***")
    return text


def main() -> None:
    """Migrate, print the report, and end the process with the outcome's exit code."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    logging.getLogger("alembic").setLevel(logging.INFO)
    started = time.monotonic()
    report: dict[str, Any] = {"outcome": "failed", "from": None, "to": None, "pending": []}
    try:
        migrate(report)
    except End as end:
        report["outcome"], reason = end.args
    except BaseException as error:
        sys.stderr.write(without_secrets(traceback.format_exc()))
        cause = getattr(error, "orig", error)
        if hasattr(cause, "pgcode") and cause.pgcode in GONE:
            report["outcome"] = "unreachable"
        if getattr(cause, "pgcode", "") == BLOCKED:
            report["outcome"] = "blocked"
        reason = f"{type(cause).__name__}: {cause}"
    report["reason"] = without_secrets(" ".join(reason.split()))[:300]
    report["seconds"] = round(time.monotonic() - started, 1)
    sys.stderr.flush()
    say(json.dumps({"cfn-mlflow-migration": report}))
    os._exit(EXIT_CODES[report["outcome"]])  # a thread of MLflow's must not outlive the answer


if __name__ == "__main__":
    main()
