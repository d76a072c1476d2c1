"""The answer to a request, as the bytes that CloudFormation takes.

The custom resource response objects of the CloudFormation user guide (crpg-ref-responses) ask for
4,096 bytes at most. An answer repeats four fields of its request, and always has a Reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cfn_mlflow.cloudformation.event import Echo
from cfn_mlflow.outcome import FAULTS_BYTES, REASON_BYTES, Cause
from cfn_mlflow.reason import Reason

BODY_BYTES = 4096

_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
"""Characters that XML cannot hold. A reason with one makes the stack's events unreadable."""

Status = Literal["SUCCESS", "FAILED"]


@dataclass(frozen=True)
class Answer:
    """One answer, ready to be sent: the body, and the attributes that found no room in it."""

    status: Status
    body: bytes
    left_out: tuple[str, ...] = ()


class TooLongError(Exception):
    """The fields that an answer repeats leave no room for the answer."""


def succeed(echo: Echo, data: Mapping[str, str], log_stream: str) -> Answer:
    """Return the answer SUCCESS with its attributes; FAILED if an attribute is not text.

    A type lists its attributes by importance. If they do not fit, the last ones are left out.
    Raises TooLongError if the repeated fields alone are too long.
    """
    unusable = _unusable(data)
    if unusable:
        words = f"These attributes cannot be given as text: {unusable}."
        return fail(echo, Cause(Reason.InternalError, words), log_stream)
    kept = dict(data)
    left_out: list[str] = []
    while True:
        told = f"Left out, for the answer has 4096 bytes at most: {len(left_out)} attributes."
        body = _body(echo, "SUCCESS", told if left_out else "Done.", log_stream, kept)
        if len(body) <= BODY_BYTES or not kept:
            return _within(Answer("SUCCESS", body, tuple(left_out)))
        left_out.append(kept.popitem()[0])


def fail(echo: Echo, cause: Cause, log_stream: str) -> Answer:
    """Return the answer FAILED: the code, and the words shortened to the room that is left.

    Raises TooLongError if the repeated fields alone are too long.
    """
    for room in (FAULTS_BYTES, REASON_BYTES, REASON_BYTES // 4, len(cause.reason.prefix)):
        body = _body(echo, "FAILED", shorten_cause(cause, room), log_stream, {})
        if len(body) <= BODY_BYTES:
            break
    return _within(Answer("FAILED", body))


def shorten_cause(cause: Cause, limit: int) -> str:
    """Return the code whole, and as many of the words as fit with it in so many bytes."""
    prefix = cause.reason.prefix
    return prefix + shorten(cause.words, max(limit - len(prefix), 0))


def shorten(text: str, limit: int) -> str:
    """Return the text in at most `limit` UTF-8 bytes, cut between two characters."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: max(limit - 3, 0)].decode("utf-8", "ignore") + "..."[:limit]


def _body(
    echo: Echo, status: Status, reason: str, log_stream: str, data: Mapping[str, str]
) -> bytes:
    said = f"{reason} (log stream {shorten(log_stream, REASON_BYTES)})".strip()
    fields = {
        "Status": status,
        "Reason": _NOT_SHOWN.sub(" ", said),
        "PhysicalResourceId": echo.physical_id,
        "StackId": echo.stack_id,
        "RequestId": echo.request_id,
        "LogicalResourceId": echo.logical_id,
        "NoEcho": False,
        "Data": data,
    }
    # An escape would take six bytes for one character. Half a surrogate pair becomes "?".
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


def _within(answer: Answer) -> Answer:
    if len(answer.body) > BODY_BYTES:
        raise TooLongError("what the answer must echo is longer than the answer may be")
    return answer


def _unusable(data: Mapping[str, object]) -> str:
    """Name the attributes that are not text. Nothing guesses how such a value should read."""
    wrong = [
        f"{name} ({type(value).__name__})"
        for name, value in data.items()
        if not (isinstance(name, str) and isinstance(value, str))
    ]
    return ", ".join(wrong)
