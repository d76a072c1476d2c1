"""The statuses of CloudFormation: which begin an operation, which end it, and how well."""

from __future__ import annotations

CREATE, UPDATE, DELETE, IMPORT, ROLLBACK = "create", "update", "delete", "import", "rollback"

_BEGINS = {
    "CREATE_IN_PROGRESS": CREATE,
    "UPDATE_IN_PROGRESS": UPDATE,
    "DELETE_IN_PROGRESS": DELETE,
    "IMPORT_IN_PROGRESS": IMPORT,
}
_SUCCESS = {
    CREATE: ("CREATE_COMPLETE",),
    UPDATE: ("UPDATE_COMPLETE",),
    DELETE: ("DELETE_COMPLETE",),
    IMPORT: ("IMPORT_COMPLETE",),
    ROLLBACK: ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"),
}


def is_in_progress(status: str) -> bool:
    """Tell whether a stack or a resource still changes."""
    return status.endswith("_IN_PROGRESS")


def begins(status: str, before: str | None) -> str | None:
    """Return the operation that a stack's status begins; `before` is the status before it.

    A rollback is an operation of its own only where somebody continues one that had failed.
    """
    if status in _BEGINS:
        return _BEGINS[status]
    continued = status.endswith("ROLLBACK_IN_PROGRESS") and (before or "").endswith(
        "ROLLBACK_FAILED"
    )
    return ROLLBACK if continued else None


def succeeded(operation: str, status: str) -> bool:
    """Tell whether a stack's last status is what the operation was begun for."""
    return status in _SUCCESS[operation]
