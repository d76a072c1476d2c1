"""The words for a request that CloudFormation does not confirm, with the way out of a rollback."""

from __future__ import annotations

from cfn_mlflow.cloudformation.answer import shorten
from cfn_mlflow.cloudformation.event import Request
from cfn_mlflow.outcome import REASON_BYTES
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log

LEAST_BYTES = 16
"""So many bytes of the error stay. Names that leave it fewer have the command in the log."""


def skip_command(stack_name: str, resource: str) -> str:
    """Return the command that continues a stack's rollback without one of its resources."""
    return (
        f"aws cloudformation continue-update-rollback --stack-name {stack_name}"
        f" --resources-to-skip {resource}"
    )


def unconfirmed(error: Exception, request: Request) -> str:
    """Return the reason: the error, and for an Update the command that skips the resource.

    The events that confirm a rollback may be gone. The command stays whole, and the error gets what
    it leaves. If the names are too long for that, the log has the command.
    """
    if request.request_type != "Update":
        return _words(error, "")
    command = skip_command(request.identity.stack_name, request.logical_id)
    end = f". If its stack rolls back, skip it: {command}"
    if _room(end) >= LEAST_BYTES:
        return _words(error, end)
    log.error(f"CloudFormation does not confirm this request: {error}{end}")
    return _words(error, ". If its stack rolls back, skip it: the log has the command")


def _words(error: Exception, end: str) -> str:
    return _told(shorten(str(error), _room(end)), end)


def _room(end: str) -> int:
    """Return how many bytes of the error fit."""
    return REASON_BYTES - len(f"{Reason.RequestNotConfirmed.prefix}{_told('', end)}".encode())


def _told(error: str, end: str) -> str:
    return f"CloudFormation does not confirm this request: {error}. Nothing was changed for it{end}"
