"""The states of a database: what the user can do about each, and whether it passes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cfn_mlflow.reason import Reason


class State(StrEnum):
    """The state of a database, measured by the expected revision, or why it cannot be read."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    HALF_MIGRATED = "half-migrated"
    LOCKED = "locked"
    UNREACHABLE = "unreachable"
    PAUSED = "paused"
    WAKING = "waking"
    STOPPED = "stopped"
    REFUSED = "refused"

    @property
    def code(self) -> Reason | None:
        """Return the code of a state that is a failure; None if all is well, or it passes."""
        return _MEANINGS[self].code

    @property
    def advice(self) -> str:
        """Return what the user can do, in at most 240 bytes; empty if all is well."""
        return _MEANINGS[self].advice

    @property
    def retryable(self) -> bool:
        """Tell whether the state passes by itself, so that a later look says more."""
        return _MEANINGS[self].retryable

    @property
    def read(self) -> bool:
        """Tell whether the schema was read: otherwise nothing is known of it."""
        return _MEANINGS[self].read


@dataclass(frozen=True)
class _Meaning:
    advice: str
    code: Reason | None = None
    retryable: bool = False
    read: bool = True


_MEANINGS: Mapping[State, _Meaning] = {
    State.EMPTY: _Meaning(
        "The database has no tables yet: deploy the service, whose migration makes them.",
        Reason.SchemaEmpty,
    ),
    State.BEHIND: _Meaning(
        "Deploy the service with this image: its migration task brings the database up.",
        Reason.SchemaBehind,
    ),
    State.CURRENT: _Meaning(""),
    State.AHEAD: _Meaning(
        "A newer MLflow migrated this database and MLflow has no way back: use an image of that"
        " release or newer, or restore the snapshot taken before that migration.",
        Reason.SchemaAhead,
    ),
    State.UNKNOWN: _Meaning(
        "No MLflow release known to this provider has this revision: use the image that migrated"
        " the database, or update the provider.",
        Reason.SchemaUnknown,
    ),
    State.FOREIGN: _Meaning(
        "The database has tables, but no revision of MLflow: another application uses it, or its"
        " alembic_version was lost. Give MLflow a database of its own, or restore a snapshot.",
        Reason.SchemaForeign,
    ),
    State.HALF_MIGRATED: _Meaning(
        "A migration broke off after some of its statements (MySQL keeps each). Another would"
        " fail: restore the snapshot taken before it, then deploy the service again.",
        Reason.SchemaHalfMigrated,
    ),
    State.LOCKED: _Meaning(
        "A migration is running: wait for its end, then look again.", retryable=True
    ),
    State.UNREACHABLE: _Meaning(
        "Look again; if it stays so, see whether the cluster has an instance that is available.",
        retryable=True,
        read=False,
    ),
    State.PAUSED: _Meaning(
        "This look has begun to wake the database: look again in half a minute.",
        retryable=True,
        read=False,
    ),
    State.WAKING: _Meaning(
        "The database is not up yet: look again in half a minute.", retryable=True, read=False
    ),
    State.STOPPED: _Meaning(
        "Somebody stopped the cluster: start it (aws rds start-db-cluster), then look again.",
        Reason.DatabaseStopped,
        read=False,
    ),
    State.REFUSED: _Meaning(
        "Mend what is refused, then look again: no waiting helps.",
        Reason.DatabaseRefused,
        read=False,
    ),
}

DAMAGED = (
    "The tables are not those of the revision: something other than MLflow changed them. Put back"
    " what is named, or restore a snapshot: no migration of MLflow does it."
)
"""The advice for a schema that is not as its own revision declares it."""
