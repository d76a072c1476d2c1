"""The answer to a request: its bytes, complete and within CloudFormation's limit.

Rests on the custom resource response objects of the CloudFormation user guide
(crpg-ref-responses): 4,096 bytes at most, four fields echoed, a Reason always given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cfn_mlflow.cloudformation.event import Echo
from cfn_mlflow.outcome import FAULTS_BYTES, REASON_BYTES

BODY_BYTES = 4096

_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
"""What XML cannot hold: a reason with it makes a stack's events unreadable for everybody."""

Status = Literal["SUCCESS", "FAILED"]


@dataclass(frozen=True)
class Answer:
    """One answer, ready to be sent: the body's bytes, and what had to be left out of Data."""

    status: Status
    body: bytes
    left_out: tuple[str, ...] = ()


class TooLongError(Exception):
    """What must be echoed leaves no room for an answer."""


def succeed(echo: Echo, data: Mapping[str, str], log_stream: str) -> Answer:
    """Return the answer SUCCESS with its attributes; FAILED if they cannot be written as JSON.

    Where they do not fit, attributes are left out from the last: a type gives them in the order
    of their importance.
    """
    unusable = _unusable(data)
    if unusable:
        return fail(echo, f"These attributes cannot be given as text: {unusable}.", log_stream)
    kept = dict(data)
    left_out: list[str] = []
    while True:
        told = f"Left out, for the answer has 4096 bytes at most: {len(left_out)} attributes."
        body = _body(echo, "SUCCESS", told if left_out else "Done.", log_stream, kept)
        if len(body) <= BODY_BYTES or not kept:
            return _within(Answer("SUCCESS", body, tuple(left_out)))
        left_out.append(kept.popitem()[0])


def fail(echo: Echo, reason: str, log_stream: str) -> Answer:
    """Return the answer FAILED; the reason is shortened to what fits."""
    for room in (FAULTS_BYTES, REASON_BYTES, REASON_BYTES // 4, 0):
        body = _body(echo, "FAILED", shorten(reason, room), log_stream, {})
        if len(body) <= BODY_BYTES:
            break
    return _within(Answer("FAILED", body))


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
    # Text as it is: escapes would make six bytes of one character. Half a character becomes "?".
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


def _within(answer: Answer) -> Answer:
    if len(answer.body) > BODY_BYTES:
        raise TooLongError("what the answer must echo is longer than the answer may be")
    return answer


def _unusable(data: Mapping[str, object]) -> str:
    """Name what is no text: no attempt is made to guess what it should read like."""
    wrong = [
        f"{name} ({type(value).__name__})"
        for name, value in data.items()
        if not (isinstance(name, str) and isinstance(value, str))
    ]
    return ", ".join(wrong)
