"""The last word: the answer FAILED to a request whose function died, with the cause.

The functions' dead-letter queue holds such requests. A message there is the event of the
asynchronous invocation, with the attributes RequestID, ErrorCode and ErrorMessage. This module
imports the standard library only. A broken dependency that stops a function cannot stop it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from cfn_mlflow.cloudformation.answer import TooLongError, fail, shorten
from cfn_mlflow.cloudformation.delivery import RefusedError, UndeliveredError, deliver
from cfn_mlflow.cloudformation.event import Echo, MalformedEventError, parse
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.failures import SERVICE, failure
from cfn_mlflow.runtime.invocation import Context, Invocation
from cfn_mlflow.runtime.place import Place

CAUSE_BYTES = 180
NEXT_STEP = (
    "Look into its log; when the cause is mended, deploy again (after a failed deletion: delete "
    "again)."
)


def answer_dead_letters(
    event: Mapping[str, Any], context: Context
) -> dict[str, list[dict[str, str]]]:
    """Answer each message of an SQS event; return a partial batch response for SQS.

    The response lists the messages that SQS must deliver again, as `batchItemFailures`.
    """
    invocation = Invocation(context)
    records = event["Records"]
    failures = [
        {"itemIdentifier": record["messageId"]}
        for done, record in enumerate(records)
        if not _settled(record, invocation, 1 / (len(records) - done))
    ]
    return {"batchItemFailures": failures}


def _settled(record: Mapping[str, Any], invocation: Invocation, share: float) -> bool:
    """Answer one message; return False if SQS must deliver it again.

    `share` is the part of the time left that the message may use, from 0 to 1.
    """
    until = invocation.left() * (1 - share)
    message_id = record["messageId"]
    try:
        url, echo = _addressee(record["body"], invocation.place)
        answer = fail(echo, _cause(record), invocation.log_stream)
        deliver(url, answer.body, lambda: invocation.left() - until)
    except (ValueError, TooLongError):
        _tell("Dropped: the message is no request of CloudFormation", message_id)
    except RefusedError as error:
        _tell(f"Dropped: {error}; CloudFormation waits for it no longer", message_id)
    except UndeliveredError as error:
        _tell(f"Kept: {error}", message_id)
        return False
    else:
        _tell("Answered FAILED", message_id, echo, **failure(Reason.FunctionDied))
    return True


def _addressee(body: str, place: Place) -> tuple[str, Echo]:
    """Return CloudFormation's address for the answer, and the fields that it repeats.

    Raises ValueError if the message names no such address.
    """
    try:
        request = parse(json.loads(body), place)
    except MalformedEventError as error:
        if error.response_url is None:
            raise ValueError("CloudFormation takes no answer to it") from error
        return error.response_url, error.echo
    return request.response_url, Echo.of(request)


def _cause(record: Mapping[str, Any]) -> Cause:
    said = record.get("messageAttributes", {}).get("ErrorMessage", {}).get("stringValue", "")
    cause = shorten(" ".join(said.split()), CAUSE_BYTES).rstrip(" .")
    words = f"The provider's function died: {cause or 'its error is not known'}. {NEXT_STEP}"
    return Cause(Reason.FunctionDied, words)


def _tell(message: str, message_id: str, echo: Echo | None = None, **more: object) -> None:
    """Write a line of the log: the whole line is one JSON object, or CloudWatch counts no failure.

    Lambda's handler of `logging` would put the level and the request in front of it.
    """
    of = {"stack_id": echo.stack_id, "logical_id": echo.logical_id} if echo else {}
    provider = {SERVICE: os.environ.get("POWERTOOLS_SERVICE_NAME", "cfn-mlflow")}
    line = {"message": message, "message_id": message_id, **of, **provider, **more}
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()
