"""Translates the end of a migration task into a result with words for the user."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow import releases
from cfn_mlflow.reason import Reason
from cfn_mlflow.upgrade.migration.script import EXIT_CODES

_MARK = '{"cfn-mlflow-migration":'
_DONE = frozenset({"current", "migrated", "behind", "empty"})
"""The outcomes of a migration or an inspection that are no failure."""
_OF_USERS_TOO = frozenset({"behind", "migrated"})
"""The outcomes that may concern the users' tables alone."""
_RETRYABLE = frozenset({"locked", "unreachable", "out-of-memory", "killed"})
_LONG_ENOUGH = 60.0
"""Seconds after which no attempt follows: it would keep the user waiting for the reason."""
_OUT_OF_MEMORY = 137
"""The exit code after SIGKILL, which a process that uses too much memory gets."""
_KILLED = 128
"""An exit code from here on means that a signal ended the process."""

_WORDS: Mapping[str, str] = {
    "current": "The database is as this image expects: nothing to migrate.",
    "migrated": "The database was migrated from {found} to {expected}.",
    "behind": "The database is at {found}, MLflow {mlflow} expects {expected}.",
    "users-behind": "MLflow's tables are at {found}, as MLflow {mlflow} expects; those of its users"
    " are not yet as it expects.",
    "users-migrated": "The tables of MLflow's users were migrated; MLflow's own were at {found}"
    " already.",
    "empty": "The database is empty.",
    "ahead": "The database is ahead of the image: it is at {found}, MLflow {mlflow} knows no more"
    " than {expected}. MLflow cannot go back: use {newer} or newer, or restore the snapshot"
    " taken before that migration.",
    "unknown": "The database is at revision {found}, which neither MLflow {mlflow} nor this"
    " provider knows. Use the image that migrated it, or another database.",
    "foreign": "The database has tables but no revision of MLflow: another application uses it."
    " Give MLflow a database of its own.",
    "locked": "Another migration of this database has been running all the time. Nothing was"
    " changed by this one: try again when that one has ended.",
    "blocked": "Another session has held a lock on MLflow's tables for two minutes; {state}. End it"
    " (pg_stat_activity shows who is idle in transaction), then try again.",
    "no-driver": "The image has no driver for PostgreSQL ({reason}). Use one with psycopg2, such as"
    " the official image's -full tags.",
    "no-mlflow": "There is no MLflow in the image. Use the official image, or one built on it.",
    "no-basic-auth": "The image has no basic-auth ({reason}). Use one with MLflow's extra `auth`,"
    " such as the official image's -full tags.",
    "login-refused": "The database refuses the login: {reason}. Check the user and the password in"
    " its secret, and that the database asks for it by SCRAM.",
    "unreachable": "The database could not be reached: {reason}. Check that it is available and"
    " that its security group admits the tasks, then try again.",
    "out-of-memory": "The migration task was killed (exit code {code}), as a task is that needs"
    " more memory than it has. What it had not committed was rolled back: give the task more"
    " memory, then try again.",
    "killed": "The migration task was killed (exit code {code}). What it had not committed was"
    " rolled back: try again.",
    "failed": "The migration failed: {reason}; {state}. The task's log has the whole error.",
    "silent": "The migration task ended with exit code {code} and without a result: the image may"
    " have no Python or may not start. Its log may say more.",
}
_REASONS: Mapping[str, Reason] = {
    "ahead": Reason.SchemaAhead,
    "unknown": Reason.SchemaUnknown,
    "foreign": Reason.SchemaForeign,
    "locked": Reason.MigrationBlocked,
    "blocked": Reason.MigrationBlocked,
    "no-driver": Reason.ImageUnfit,
    "no-mlflow": Reason.ImageUnfit,
    "no-basic-auth": Reason.ImageUnfit,
    "login-refused": Reason.LoginRefused,
    "unreachable": Reason.DatabaseUnreachable,
    "out-of-memory": Reason.TaskOutOfMemory,
}
"""The codes of the outcomes that are failures; the others are `MigrationFailed`."""
_REASON_CHARACTERS = 160


@dataclass(frozen=True)
class Result:
    """How a migration or an inspection ended. `words` is for the user, at most 400 bytes."""

    outcome: str
    words: str
    found: str | None
    """The revision before; None for an empty database."""
    expected: str | None
    pending: tuple[str, ...]
    mlflow: str | None
    auth: str | None = None
    """`auth-` and the revision that the image expects of the tables of MLflow's users."""
    ahead: str | None = None
    """The revision that the image does not know: `found`, or `auth-` and that of the users."""
    seconds: float = 0.0
    """How long it took, as the task's log says."""

    @property
    def reason(self) -> Reason:
        """The code of an outcome that is a failure."""
        return _REASONS.get(self.outcome, Reason.MigrationFailed)

    @property
    def done(self) -> bool:
        """Tell whether the task did what it was for."""
        return self.outcome in _DONE

    @property
    def retryable(self) -> bool:
        """Tell whether the same task may succeed when it runs again.

        A task that has itself waited for more than a minute is not run again.
        """
        return self.outcome in _RETRYABLE and self.seconds < _LONG_ENOUGH


def parse(lines: Iterable[str], exit_code: int | None) -> Result:
    """Return the result that a task's log lines, in any order, and its exit code tell.

    The exit code decides if the log lacks the line with the result. It is None if the container
    never ran.
    """
    report = _report(lines)
    found, expected = report.get("from"), report.get("expected")
    ahead = report.get("ahead") or found
    outcome = _outcome(report, ahead, exit_code)
    return Result(
        outcome=outcome,
        words=_WORDS[_wording(outcome, found, expected)].format(
            found=ahead or ("an empty database" if report else "a revision its log names"),
            state=_state(found, report.get("to")),
            expected=expected or "the image's revision",
            mlflow=report.get("mlflow") or "in the image",
            newer=_release_of(found),
            reason=str(report.get("reason") or "see its log")[:_REASON_CHARACTERS].rstrip(". "),
            code="none" if exit_code is None else exit_code,
        ),
        found=found,
        expected=expected,
        pending=tuple(report.get("pending") or ()),
        mlflow=report.get("mlflow"),
        auth=report.get("expected_auth"),
        ahead=ahead,
        seconds=float(report.get("seconds") or 0),
    )


def _wording(outcome: str, found: str | None, expected: str | None) -> str:
    """Return the key of the words: one of the users' tables, if MLflow's own did not change."""
    only_users = outcome in _OF_USERS_TOO and found is not None and found == expected
    return f"users-{outcome}" if only_users else outcome


def _state(found: str | None, left: str | None) -> str:
    """Say at which revisions a failed migration left the database: its two parts commit apart."""
    if left in (None, found):
        return f"the database stays at {found}" if found else "the database stays empty"
    return f"the tables of runs are at {left} now, those of the users are not migrated"


def _release_of(revision: str | None) -> str:
    version = releases.first_version_with(revision or "")
    return f"MLflow {version}" if version else "the release that migrated it"


def _report(lines: Iterable[str]) -> dict[str, Any]:
    for line in reversed(list(lines)):
        if line.lstrip().startswith(_MARK):
            report: dict[str, Any] = json.loads(line)["cfn-mlflow-migration"]
            return report
    return {}


def _outcome(report: Mapping[str, Any], ahead: str | None, exit_code: int | None) -> str:
    outcome = report.get("outcome") or _of_exit_code(exit_code)
    if outcome == "ahead" and not _is_ahead(report, ahead):
        return "unknown"
    return outcome if outcome in _WORDS else "failed"


def _is_ahead(report: Mapping[str, Any], ahead: str | None) -> bool:
    """Tell whether the revision that the image does not know is a later one that we know."""
    expected = report.get("expected") or ""
    return not report or releases.compare(ahead or "", expected) == "ahead"


def _of_exit_code(exit_code: int | None) -> str:
    if exit_code is None or exit_code in (1, 2, 126, 127):
        return "silent"
    if exit_code == _OUT_OF_MEMORY:
        return "out-of-memory"
    if exit_code >= _KILLED:
        return "killed"
    return next((name for name, code in EXIT_CODES.items() if code == exit_code), "silent")
