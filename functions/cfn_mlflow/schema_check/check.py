"""Compare a database with what an MLflow release declares of it, by reading only."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow import releases
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
    """The whole check. `advice`, of at most 240 bytes, is what to do; empty when all is well."""

    state: State
    found: str | None
    expected: str
    pending: tuple[str, ...] = ()
    missing_tables: tuple[str, ...] = ()
    wrong_columns: tuple[str, ...] = ()
    """Columns that are missing, and those of another type."""
    missing_indexes: tuple[str, ...] = ()
    """Primary keys among them."""
    already_there: tuple[str, ...] = ()
    """What only a pending revision brings: left by a migration that broke off."""
    notes: tuple[str, ...] = ()
    """What is there and not MLflow's."""
    advice: str = ""
    reason: str = ""
    """What AWS or the database said, where the schema could not be read."""

    @property
    def damage(self) -> tuple[str, ...]:
        """Return the tables and columns that are not as declared: no migration can stand on them.

        They are compared with what the database's own revision declares, not the expected one.
        """
        return (*self.missing_tables, *self.wrong_columns)

    @property
    def differences(self) -> tuple[str, ...]:
        """Return all that is not as it should be, the worst first, each in words."""
        return (*self.damage, *self.missing_indexes, *self.already_there)

    @property
    def sound(self) -> bool:
        """Tell whether the database is as the expected release declares it."""
        return self.state is State.CURRENT and not self.differences

    @property
    def retryable(self) -> bool:
        """Tell whether the state passes by itself, so that a later look says more."""
        return self.state.retryable


def check(database: Queryable, expected: str) -> SchemaReport:
    """Compare a database with the revision expected of it; its layout with its own revision's.

    Raises `TemporaryError` when it cannot be read now, `DataApiError` when it cannot be read.
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
    """Tell how what was found stands to the expected revision.

    MLflow's very first tables with no revision are a start that was cut short: as good as empty,
    and the migration, which can count their rows, has the last word.
    """
    if found.revision is not None:
        return State(releases.compare(found.revision, expected))
    tables = set(found.schema) - (releases.USERS.all_tables() if found.users_revision else set())
    return State.EMPTY if tables <= releases.first_tables() else State.FOREIGN


def _at_the_moment(state: State, found: Found, left: tuple[str, ...]) -> State:
    """Tell a migration that is at work, or that broke off, from one that is still to come."""
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
    """Compare with what the found revisions declare, as far as they are known."""
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
