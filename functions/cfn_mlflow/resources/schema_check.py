"""Compare a database with what an MLflow release declares of it, by reading only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cfn_mlflow import releases
from cfn_mlflow.aws.data_api import NoSuchTableError, Row, Value
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.releases.schema import Column, Schema, Table

# Only what the login's search path shows, as MLflow would see it, and nothing an extension brought.
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
> (:after_table_name, :after_place)
ORDER BY CAST(t.relname AS text) COLLATE "C", c.attnum LIMIT :page
"""
)
_INDEXES = (
    """
SELECT CAST(t.relname AS text) AS table_name, CAST(i.relname AS text) AS index_name,
x.indisprimary AS is_primary, x.indisunique AS is_unique,
split_part(pg_catalog.pg_get_indexdef(i.oid), ' USING ', 2) AS definition
"""
    + _OURS.format(
        joins="JOIN pg_catalog.pg_index x ON x.indrelid = t.oid AND x.indisvalid"
        " JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid"
    )
    + """
AND (CAST(t.relname AS text) COLLATE "C", CAST(i.relname AS text) COLLATE "C")
> (:after_table_name, :after_index_name)
ORDER BY CAST(t.relname AS text) COLLATE "C", CAST(i.relname AS text) COLLATE "C" LIMIT :page
"""
)
_REVISION = """
SELECT CAST(version_num AS text) AS revision FROM alembic_version ORDER BY 1 LIMIT 2
"""
_COLUMNS_A_PAGE = 2000
_INDEXES_A_PAGE = 400
"""Rows of at most 250 bytes, and of 2,200 with 32 columns in an index: below 1 MiB a page."""
_BOOKKEEPING = frozenset({"alembic_version", "alembic_version_auth"})


class Database(Protocol):
    """Whatever runs a SELECT: the Data API's client does."""

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Return the rows that a statement finds; raise `NoSuchTableError` where none is."""
        ...


class State(StrEnum):
    """How a database stands to the revision that is expected of it."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    UNKNOWN = "unknown"


_ADVICE: Mapping[State, str] = {
    State.EMPTY: "The database has no tables yet: deploy the service, whose migration makes them.",
    State.BEHIND: "Deploy the service with this image: its migration task brings the database up.",
    State.CURRENT: "",
    State.AHEAD: "A newer MLflow migrated this database and MLflow has no way back: use an image of"
    " that release or newer, or restore the snapshot taken before that migration.",
    State.UNKNOWN: "No MLflow release known to this provider has this revision: use the image that"
    " migrated the database, or update the provider.",
}
_MIGRATES = (State.EMPTY, State.BEHIND)
_FOREIGN = (
    "The database has tables, but no revision of MLflow: another application uses it. Give MLflow"
    " a database of its own."
)


_DAMAGED = (
    "The revision is right but the tables are not: something other than MLflow changed them. Put"
    " back what is named, or restore a snapshot: no migration of MLflow does it."
)


@dataclass(frozen=True)
class Found:
    """What a database holds: its revision, or None where alembic wrote none, and its tables."""

    revision: str | None
    schema: Schema


@dataclass(frozen=True)
class Comparison:
    """Where a schema falls short of what is declared, and what it holds besides, in words."""

    differences: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The whole check. `advice`, of at most 300 bytes, is what to do; empty when all is well."""

    state: State
    found: str | None
    expected: str
    pending: tuple[str, ...]
    differences: tuple[str, ...]
    notes: tuple[str, ...]
    advice: str


def check(database: Database, expected: str) -> Report:
    """Compare a database with the revision expected of it; its layout with its own revision's."""
    found = read(database)
    state = state_of(found, expected)
    layout = releases.declared(found.revision) if found.revision else {}
    compared = Comparison((), ()) if layout is None else compare(found.schema, layout)
    return Report(
        state,
        found.revision,
        expected,
        tuple(releases.pending(found.revision, expected)) if state in _MIGRATES else (),
        compared.differences,
        compared.notes,
        _advice(state, found, compared),
    )


def _advice(state: State, found: Found, compared: Comparison) -> str:
    if state is State.UNKNOWN and found.revision is None:
        return _FOREIGN
    if state is State.CURRENT and compared.differences:
        return _DAMAGED
    return _ADVICE[state]


def state_of(found: Found, expected: str) -> State:
    """Tell how what was found stands to the expected revision.

    MLflow's very first tables with no revision are a start that was cut short: as good as empty,
    and the migration, which can count their rows, has the last word.
    """
    if found.revision is not None:
        return State(releases.compare(found.revision, expected))
    return State.EMPTY if set(found.schema) <= releases.first_tables() else State.UNKNOWN


def read(database: Database) -> Found:
    """Read revision, tables, columns and indexes from the catalog, changing nothing.

    Raises `TemporaryError` when a migration ended in between, so that nothing half-read is judged.
    """
    before = revision(database)
    columns: dict[str, dict[str, Column]] = {}
    for row in _pages(database, _COLUMNS, _COLUMNS_A_PAGE, ("table_name", "place")):
        column = Column(str(row["type"]), bool(row["nullable"]))
        columns.setdefault(str(row["table_name"]), {})[str(row["column_name"])] = column
    indexes: dict[str, dict[str, str]] = {}
    for row in _pages(database, _INDEXES, _INDEXES_A_PAGE, ("table_name", "index_name")):
        index = indexes.setdefault(str(row["table_name"]), {})
        index[str(row["index_name"])] = _index(row)
    if revision(database) != before:
        raise TemporaryError("The schema is being migrated: look again.")
    return Found(
        before,
        {
            name: Table(columns[name], indexes.get(name, {}))
            for name in columns
            if name not in _BOOKKEEPING
        },
    )


def compare(found: Schema, layout: Schema) -> Comparison:
    """Compare tables, columns and indexes; what is there besides is a note, not a difference.

    An index counts by what it covers, not by its name: a name says nothing about how it works.
    """
    differences: list[str] = []
    notes: list[str] = []
    for name in sorted(layout):
        if name not in found:
            differences.append(f"table {name} is missing")
            continue
        differences += _column_differences(name, found[name], layout[name])
        differences += [
            f"table {name}: {_words(index, definition)} is missing"
            for index, definition in _beyond(layout[name], found[name])
        ]
        notes += [
            f"table {name}: column {column} is not MLflow's"
            for column in sorted(set(found[name].columns) - set(layout[name].columns))
        ]
        notes += [
            f"table {name}: {_words(index, definition)} is not MLflow's"
            for index, definition in _beyond(found[name], layout[name])
        ]
    notes += [f"table {name} is not MLflow's" for name in sorted(set(found) - set(layout))]
    return Comparison(tuple(differences), tuple(notes))


def _column_differences(name: str, found: Table, layout: Table) -> Iterator[str]:
    for column, want in layout.columns.items():
        have = found.columns.get(column)
        if have is None:
            yield f"table {name}: column {column} is missing"
        elif have != want:
            yield f"table {name}: column {column} is {have}, not {want}"


def _beyond(one: Table, other: Table) -> list[tuple[str, str]]:
    """Return the indexes of one table that the other has nothing like."""
    covered = set(other.indexes.values())
    return sorted(index for index in one.indexes.items() if index[1] not in covered)


def _words(index: str, definition: str) -> str:
    if definition.startswith("primary key"):
        return f"primary key {definition[definition.index('(') :]}"
    return f"index {index} ({definition})"


def _index(row: Row) -> str:
    kind = "primary key " if row["is_primary"] else "unique " if row["is_unique"] else ""
    return f"{kind}{row['definition']}"


def revision(database: Database) -> str | None:
    """Return the revision, or None where there is none; two, which no MLflow makes, as `a+b`."""
    try:
        rows = database.query(_REVISION)
    except NoSuchTableError:
        return None
    return "+".join(str(row["revision"]) for row in rows) or None


def _pages(database: Database, sql: str, page: int, key: tuple[str, str]) -> Iterator[Row]:
    """Yield a query's rows, a page at a time, each page from where the last one ended."""
    after: dict[str, Value] = {f"after_{column}": _FIRST[column] for column in key}
    while True:
        rows = database.query(sql, {**after, "page": page})
        yield from rows
        if len(rows) < page:
            return
        after = {f"after_{column}": rows[-1][column] for column in key}


_FIRST: Mapping[str, Value] = {"table_name": "", "place": 0, "index_name": ""}
