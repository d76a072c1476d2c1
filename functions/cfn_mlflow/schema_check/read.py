"""Reads a database's revision, tables, columns and indexes, by SELECTs alone, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cfn_mlflow import releases
from cfn_mlflow.aws.rdsdata.database import NoSuchTableError, Row, Value
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.releases.schema import Column, Schema, Table
from cfn_mlflow.upgrade.migration.script import LOCK

# pg_locks shows a key of eight bytes as two halves, with 1 in objsubid.
_STATE_OF_PLAY = """
SELECT pg_catalog.to_regclass('alembic_version') IS NOT NULL AS has_revision,
pg_catalog.to_regclass('alembic_version_auth') IS NOT NULL AS has_users,
pg_catalog.has_table_privilege(pg_catalog.to_regclass('alembic_version_auth'), 'SELECT')
AS reads_users,
EXISTS (SELECT 1 FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
AND CAST(l.classid AS bigint) = :high AND CAST(l.objid AS bigint) = :low) AS locked
"""
# Only what the login's search path shows, as MLflow sees it, and nothing of an extension's.
_OURS = """
FROM pg_catalog.pg_class t
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
{joins}
WHERE t.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(t.oid)
AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
"""
_COLUMNS = (
    """
SELECT CAST(t.relname AS text) AS table_name, CAST(c.attname AS text) AS column_name,
pg_catalog.format_type(c.atttypid, c.atttypmod) AS type, NOT c.attnotnull AS nullable,
CAST(c.attnum AS integer) AS place
"""
    + _OURS.format(joins="JOIN pg_catalog.pg_attribute c ON c.attrelid = t.oid")
    + """
AND c.attnum > 0 AND NOT c.attisdropped
AND (CAST(t.relname AS text) COLLATE "C", CAST(c.attnum AS integer))
> (CAST(:after_table_name AS text), CAST(:after_place AS integer))
ORDER BY CAST(t.relname AS text) COLLATE "C", c.attnum LIMIT :page
"""
)
_INDEXES = (
    """
SELECT CAST(t.relname AS text) AS table_name, CAST(i.relname AS text) AS index_name,
x.indisprimary AS is_primary, x.indisunique AS is_unique,
pg_catalog.split_part(pg_catalog.pg_get_indexdef(i.oid), ' USING ', 2) AS definition
"""
    + _OURS.format(
        joins="JOIN pg_catalog.pg_index x ON x.indrelid = t.oid AND x.indisvalid"
        " JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid"
    )
    + """
AND (CAST(t.relname AS text) COLLATE "C", CAST(i.relname AS text) COLLATE "C")
> (CAST(:after_table_name AS text), CAST(:after_index_name AS text))
ORDER BY CAST(t.relname AS text) COLLATE "C", CAST(i.relname AS text) COLLATE "C" LIMIT :page
"""
)
_REVISION = """
SELECT CAST(version_num AS text) AS revision FROM alembic_version ORDER BY 1 LIMIT 2
"""
_USERS_REVISION = """
SELECT CAST(version_num AS text) AS revision FROM alembic_version_auth ORDER BY 1 LIMIT 2
"""
_COLUMNS_A_PAGE = 2000
_INDEXES_A_PAGE = 400
"""A page stays below 1 MiB: a column's row has 250 bytes at most, an index's row 2,200."""
_FIRST: Mapping[str, Value] = {"table_name": "", "place": 0, "index_name": ""}
UNREADABLE = "unreadable"
"""The users' revision, if the login may not read it: their tables are known by name alone."""
_BOOKKEEPING = frozenset({"alembic_version", "alembic_version_auth"})


class Queryable(Protocol):
    """Runs a SELECT, as the Data API's client does."""

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Return the rows that a statement finds; raise `NoSuchTableError` for a missing table."""
        ...


class MovedError(TemporaryError):
    """A migration ended while the schema was read, so what was read may be half of each."""


@dataclass(frozen=True)
class Found:
    """What a database holds: its revision, None if alembic wrote none, and its tables."""

    revision: str | None
    schema: Schema
    locked: bool = field(default=False, compare=False)
    """Whether a migration task of ours was running when the reading began."""
    users_revision: str | None = None
    """The revision of the tables of MLflow's users; None if nobody has signed in yet."""


def read(database: Queryable) -> Found:
    """Read revision, tables, columns and indexes from the catalog, without changing anything.

    Raises `MovedError` if a migration ended in between. No statement fails because something is
    missing, so all of them can run in one transaction.
    """
    # The lock comes first: if it is released since, the second reading shows another revision.
    before, users, locked = _state_of_play(database)
    columns: dict[str, dict[str, Column]] = {}
    for row in _pages(database, _COLUMNS, _COLUMNS_A_PAGE, ("table_name", "place")):
        column = Column(str(row["type"]), bool(row["nullable"]))
        columns.setdefault(str(row["table_name"]), {})[str(row["column_name"])] = column
    indexes: dict[str, dict[str, str]] = {}
    for row in _pages(database, _INDEXES, _INDEXES_A_PAGE, ("table_name", "index_name")):
        index = indexes.setdefault(str(row["table_name"]), {})
        index[str(row["index_name"])] = _index(row)
    if _revisions_again(database, before, users) != (before, users):
        raise MovedError("The schema has just been migrated: look again.")
    tables = {
        name: Table(columns[name], indexes.get(name, {}))
        for name in columns
        if name not in _BOOKKEEPING
    }
    return Found(before, tables, locked, users or _users_of_old(tables))


def _revisions_again(
    database: Queryable, before: str | None, users: str | None
) -> tuple[str | None, str | None]:
    """Return both revisions as they are now, with as few statements as possible."""
    if before is None:
        return _state_of_play(database)[:2]
    readable = users not in (None, UNREADABLE)
    return revision(database), revision(database, _USERS_REVISION) if readable else users


def _users_of_old(tables: Schema) -> str | None:
    """Return the users' first revision if their tables are older than any revision of them."""
    return releases.USERS.first if releases.USERS.first_tables() <= tables.keys() else None


def revision(database: Queryable, sql: str = _REVISION) -> str | None:
    """Return the revision; None if there is none; `a+b` for two, which MLflow never has."""
    try:
        rows = database.query(sql)
    except NoSuchTableError:
        return None
    return "+".join(str(row["revision"]) for row in rows) or None


def _state_of_play(database: Queryable) -> tuple[str | None, str | None, bool]:
    """Return MLflow's revision, that of its users, and whether a migration of ours has the lock."""
    halves: dict[str, Value] = {"high": LOCK >> 32, "low": LOCK & 0xFFFFFFFF}
    [row] = database.query(_STATE_OF_PLAY, halves)
    users = UNREADABLE if row["has_users"] else None
    if row["reads_users"]:
        users = revision(database, _USERS_REVISION)
    return revision(database) if row["has_revision"] else None, users, bool(row["locked"])


def _index(row: Row) -> str:
    kind = "primary key " if row["is_primary"] else "unique " if row["is_unique"] else ""
    return f"{kind}{row['definition']}"


def _pages(database: Queryable, sql: str, page: int, key: tuple[str, str]) -> Iterator[Row]:
    """Yield a query's rows page by page. Each page begins where the last one ended."""
    after: dict[str, Value] = {f"after_{column}": _FIRST[column] for column in key}
    while True:
        rows = database.query(sql, {**after, "page": page})
        yield from rows
        if len(rows) < page:
            return
        after = {f"after_{column}": rows[-1][column] for column in key}
