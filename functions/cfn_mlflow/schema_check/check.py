"""Compares a database with the schema that an MLflow release declares; it only reads."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow import releases
from cfn_mlflow.reason import Reason
from cfn_mlflow.schema_check.compare import (
    ALREADY_THERE,
    NOT_OURS,
    Comparison,
    ahead_of_its_revision,
    compare,
)
from cfn_mlflow.schema_check.read import Found, Queryable, read, revision
from cfn_mlflow.schema_check.states import DAMAGED, State

__all__ = ["SchemaReport", "State", "check", "compare", "read", "revision", "state_of"]

_MIGRATES = (State.EMPTY, State.BEHIND, State.HALF_MIGRATED, State.LOCKED)


@dataclass(frozen=True)
class SchemaReport:
    """The result of a check. `advice` says what to do, in at most 240 bytes, unless all is well."""

    state: State
    found: str | None
    expected: str
    pending: tuple[str, ...] = ()
    missing_tables: tuple[str, ...] = ()
    wrong_columns: tuple[str, ...] = ()
    """Columns that are missing, and those of another type."""
    missing_indexes: tuple[str, ...] = ()
    """Missing indexes, with the primary keys among them."""
    already_there: tuple[str, ...] = ()
    """Tables and columns of a pending revision, which an interrupted migration left."""
    notes: tuple[str, ...] = ()
    """What the database has that is not MLflow's."""
    advice: str = ""
    reason: str = ""
    """What AWS or the database answered, if the schema could not be read."""
    refused: Reason | None = None
    """The code of what kept the schema from being read, if it does not pass by itself."""

    @property
    def damage(self) -> tuple[str, ...]:
        """Return the tables and columns that are not as declared: no migration can build on them.

        The check compares them with the database's own revision, not with the expected one.
        """
        return (*self.missing_tables, *self.wrong_columns)

    @property
    def differences(self) -> tuple[str, ...]:
        """Return all differences in words, the worst first."""
        return (*self.damage, *self.missing_indexes, *self.already_there)

    @property
    def code(self) -> Reason | None:
        """Return the code of what is wrong; None if all is well, or it passes by itself."""
        if self.state is State.CURRENT:
            return Reason.SchemaDamaged if self.differences else None
        return self.refused or self.state.code

    @property
    def sound(self) -> bool:
        """Tell whether the database is exactly as the expected release declares it."""
        return self.state is State.CURRENT and not self.differences

    @property
    def retryable(self) -> bool:
        """Tell whether the state passes by itself, so that a later check can say more."""
        return self.state.retryable


def check(database: Queryable, expected: str) -> SchemaReport:
    """Compare a database's revision with the expected one, and its tables with its own revision.

    Raises `TemporaryError` if it cannot be read now, and `DataApiError` if it cannot be read.
    """
    found = read(database)
    left = _left_by_a_migration(found, expected)
    state = _at_the_moment(state_of(found, expected), found, left)
    compared = _compared(found, state)
    return SchemaReport(
        state=state,
        found=found.revision,
        expected=expected,
        pending=tuple(releases.pending(found.revision, expected)) if state in _MIGRATES else (),
        missing_tables=compared.missing_tables,
        wrong_columns=compared.wrong_columns,
        missing_indexes=compared.missing_indexes,
        already_there=left,
        notes=tuple(note for note in compared.notes if not _tells_of(note, left)),
        advice=_advice(state, compared),
    )


def state_of(found: Found, expected: str) -> State:
    """Return the state of a database, measured by the expected revision.

    MLflow's very first tables without a revision mean a start that was interrupted. They count as
    empty: the migration, which can count their rows, decides.
    """
    if found.revision is not None:
        return State(releases.compare(found.revision, expected))
    tables = set(found.schema) - (releases.USERS.all_tables() if found.users_revision else set())
    return State.EMPTY if tables <= releases.first_tables() else State.FOREIGN


def _at_the_moment(state: State, found: Found, left: tuple[str, ...]) -> State:
    """Return whether a pending migration is running, was interrupted, or is still to come."""
    if state not in _MIGRATES:
        return state
    if found.locked:
        return State.LOCKED
    return State.HALF_MIGRATED if left else state


def _left_by_a_migration(found: Found, expected: str) -> tuple[str, ...]:
    if found.revision is None or state_of(found, expected) is not State.BEHIND:
        return ()
    return ahead_of_its_revision(found.schema, found.revision, expected)


def _compared(found: Found, state: State) -> Comparison:
    """Compare the tables with what the found revisions declare, as far as those are known."""
    if found.revision is None:
        return compare(found.schema, {}) if state is State.FOREIGN else Comparison()
    layout = releases.declared(found.revision)
    if layout is None:
        return Comparison()
    users = releases.USERS.declared(found.users_revision or "")
    unknown = releases.USERS.all_tables() if found.users_revision and users is None else ()
    schema = {name: table for name, table in found.schema.items() if name not in unknown}
    return compare(schema, {**layout, **(users or {})})


def _tells_of(note: str, left: tuple[str, ...]) -> bool:
    return f"{note.removesuffix(NOT_OURS)}{ALREADY_THERE}" in left


def _advice(state: State, compared: Comparison) -> str:
    damaged = compared.missing_tables or compared.wrong_columns
    if state is State.BEHIND and damaged:
        return DAMAGED
    if state is State.CURRENT and (damaged or compared.missing_indexes):
        return DAMAGED
    return state.advice
