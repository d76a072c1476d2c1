"""A real PostgreSQL for tests, without the rest of the local AWS, and SQL on it as by Data API."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors

from cfn_mlflow.aws.rdsdata.database import NoSuchTableError, Row, Value, as_parameter
from local.emulator.postgres.server import BACKEND_PORT, PostgresServer
from local.emulator.rdsdata import parameters as sql_parameters

MASTER = "master"
PASSWORD = secrets.token_urlsafe(24)


class Server:
    """A running PostgreSQL whose master is no superuser, as on Aurora."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.address = server.address

    def create(self, database: str) -> Connection:
        """Make a database of the master's and return a session of the master in it."""
        with self.connect("postgres") as session:
            session.execute(f'CREATE DATABASE "{database}"')
        return self.connect(database)

    def connect(self, database: str, user: str = MASTER, password: str = PASSWORD) -> Connection:
        return Connection(self._server.connect(user, password, database))

    def environment(
        self, database: str, user: str = MASTER, password: str = PASSWORD
    ) -> dict[str, str]:
        """Return libpq's variables, as a task gets them."""
        return {
            "PGHOST": self.address,
            "PGPORT": str(BACKEND_PORT),
            "PGUSER": user,
            "PGPASSWORD": password,
            "PGDATABASE": database,
            "PGSSLMODE": "disable",
        }


class Connection:
    """One session with the `query` and `execute` of the Data API's client.

    Parameters are bound on the server, with the types that the Data API gives them.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._connection.autocommit = True
        self.statements: list[str] = []

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        self.statements.append(sql)
        values = sql_parameters.convert([as_parameter(*p) for p in (parameters or {}).items()])
        preparation, execution, names = sql_parameters.prepare(sql, values)
        with self._connection.cursor() as cursor:
            try:
                for statement in preparation:
                    cursor.execute(statement)
                cursor.execute(execution, [values[name].value for name in names] or None)
            except psycopg2.errors.UndefinedTable as error:
                raise NoSuchTableError(str(error), error.pgcode) from None
            columns = [column.name for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def execute(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@contextmanager
def running() -> Iterator[Server]:
    """Run a server to the end of the block; it cannot outlive this process."""
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}.{secrets.randbelow(250)}"
    with tempfile.TemporaryDirectory(prefix="cfn-mlflow-tests-") as folder:
        server = PostgresServer(Path(folder) / "postgres", address)
        server.start(max_connections=60)
        try:
            server.make_master(MASTER, PASSWORD, None)
            yield Server(server)
        finally:
            server.stop()
