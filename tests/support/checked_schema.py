"""A real PostgreSQL with tables as the releases' data declares them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from cfn_mlflow import releases
from cfn_mlflow.releases.chain import Chain
from cfn_mlflow.schema_check.check import SchemaReport
from tests.support.postgres import Connection, Server, running

HEAD = "dc11669786a5"
OLDER = "0584bdc529eb"


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


def words(report: SchemaReport) -> tuple[str, ...]:
    assert len(report.advice.encode()) <= 240
    return report.differences


NEWER = "e7d1f4b2a9c6"
USERS_HEAD = "f1a2b3c4d5e6"


def with_users(connection: Connection, revision: str = USERS_HEAD) -> Connection:
    """Create the tables of MLflow's users, as a server with basic-auth does."""
    build(connection, revision, releases.USERS, "alembic_version_auth")
    return connection
