"""Compares a database's tables, columns and indexes with what an MLflow revision declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cfn_mlflow import releases
from cfn_mlflow.releases.schema import Schema, Table

NOT_OURS = " is not MLflow's"
ALREADY_THERE = " is there already"


@dataclass(frozen=True)
class Comparison:
    """What a schema lacks of the declared one, in words, and what it has besides."""

    missing_tables: tuple[str, ...] = ()
    wrong_columns: tuple[str, ...] = ()
    """Columns that are missing, and those of another type."""
    missing_indexes: tuple[str, ...] = ()
    """Indexes and primary keys. MLflow runs without them, but slowly, and accepts rows twice."""
    notes: tuple[str, ...] = ()
    """What the schema has that is not MLflow's."""

    @property
    def differences(self) -> tuple[str, ...]:
        """Return all differences, the worst first."""
        return (*self.missing_tables, *self.wrong_columns, *self.missing_indexes)


def compare(found: Schema, layout: Schema) -> Comparison:
    """Compare tables, columns and indexes. What the layout does not declare becomes a note.

    An index counts by what it covers, not by its name, because a name does not change how it works.
    """
    both = [name for name in sorted(layout) if name in found]
    notes = [note for name in both for note in _notes(name, found[name], layout[name])]
    return Comparison(
        missing_tables=tuple(f"table {n} is missing" for n in sorted(set(layout) - set(found))),
        wrong_columns=tuple(w for n in both for w in _columns(n, found[n], layout[n])),
        missing_indexes=tuple(
            f"table {name}: {_words(index, definition)} is missing"
            for name in both
            for index, definition in _beyond(layout[name], found[name])
        ),
        notes=(*notes, *(f"table {n}{NOT_OURS}" for n in sorted(set(found) - set(layout)))),
    )


def ahead_of_its_revision(found: Schema, revision: str, expected: str) -> tuple[str, ...]:
    """Name the tables and columns of later revisions that the database already has.

    Only an interrupted migration leaves such, where each statement commits by itself, as in MySQL.
    """
    here = _names(releases.declared(revision) or {})
    later = {
        name
        for step in releases.pending(revision, expected)
        for name in _names(releases.declared(step) or {})
    }
    return tuple(f"{name}{ALREADY_THERE}" for name in sorted((later - here) & set(_names(found))))


def _names(schema: Schema) -> set[str]:
    tables = {f"table {table}" for table in schema}
    return tables | {f"table {t}: column {c}" for t, table in schema.items() for c in table.columns}


def _columns(name: str, found: Table, layout: Table) -> Iterator[str]:
    for column, want in layout.columns.items():
        have = found.columns.get(column)
        if have is None:
            yield f"table {name}: column {column} is missing"
        elif have != want:
            yield f"table {name}: column {column} is {have}, not {want}"


def _notes(name: str, found: Table, layout: Table) -> Iterator[str]:
    for column in sorted(set(found.columns) - set(layout.columns)):
        yield f"table {name}: column {column}{NOT_OURS}"
    for index, definition in _beyond(found, layout):
        yield f"table {name}: {_words(index, definition)}{NOT_OURS}"


def _beyond(one: Table, other: Table) -> list[tuple[str, str]]:
    """Return the indexes of one table that cover what no index of the other covers."""
    covered = set(other.indexes.values())
    return sorted(index for index in one.indexes.items() if index[1] not in covered)


def _words(index: str, definition: str) -> str:
    if definition.startswith("primary key"):
        return f"primary key {definition[definition.index('(') :]}"
    return f"index {index} ({definition})"
