"""Lambda's asynchronous invocation: the event queue, its retries, and where lost events go.

As "How Lambda handles errors and retries with asynchronous invocation" of the developer guide has
it: two retries after an error of the function, with the same request id, after 1 and 2 minutes
(here shorter, see `Waits`), throttled events tried again without counting; all bounded by the
EventInvokeConfig; then the on-failure destination gets a record, and the dead-letter queue the
event itself.
"""

import contextvars
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import lambda_svc, sqs

from local.emulator.core.patching import replace, require

Record = dict[str, Any]

_request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)

_ERROR_MESSAGE_BYTES = 1024


@dataclass(frozen=True)
class Waits:
    """Seconds before each retry, and between two tries of a throttled event."""

    retries: tuple[float, ...] = (1.0, 2.0)
    throttled: float = 0.5


def install(waits: Waits) -> None:
    """Route every asynchronous invocation through this module."""
    require(lambda_svc, "_execute_function", "_run_with_function_config_scope", "_functions")
    require(sqs, "_act_send_message", "_queue_url", "_Err")
    replace(lambda_svc, "new_uuid", _with_given_request_id)

    def start(function: Record, event: Any) -> None:
        context = contextvars.copy_context()
        run = (_run, function, event, waits)
        threading.Thread(target=context.run, args=run, daemon=True, name="async-invoke").start()

    replace(lambda_svc, "invoke_async_with_retry", lambda _: start)


def _with_given_request_id(real: Callable[[], str]) -> Callable[[], str]:
    """The first id that an invocation draws is its request id: AWS keeps it over the retries."""

    def new_uuid() -> str:
        given = _request_id.get()
        if given is None:
            return real()
        _request_id.set(None)
        return given

    return new_uuid


def _run(function: Record, event: Any, waits: Waits) -> None:
    lambda_svc._run_with_function_config_scope(function, _deliver, function, event, waits)


@dataclass
class _Outcome:
    condition: str
    tries: int
    result: Record


def _deliver(function: Record, event: Any, waits: Waits) -> None:
    request_id = str(uuid.uuid4())
    lost = _try(function, event, waits, request_id)
    if lost is not None:
        _send_to_dead_letter_queue(function, event, request_id, lost)
        _send_to_destination(function, event, request_id, lost)


def _try(function: Record, event: Any, waits: Waits, request_id: str) -> _Outcome | None:
    settings = _event_invoke_config(function)
    retries = int(settings.get("MaximumRetryAttempts", 2))
    oldest = time.monotonic() + float(settings.get("MaximumEventAgeInSeconds", 21600))
    tries = 0
    while True:
        _request_id.set(request_id)
        result = lambda_svc._execute_function(function, event)
        _request_id.set(None)
        if not result.get("error"):
            return None
        if result.get("throttle"):
            wait = waits.throttled
        else:
            tries += 1
            if tries > retries:
                return _Outcome("RetriesExhausted", tries, result)
            wait = waits.retries[min(tries, len(waits.retries)) - 1]
        if time.monotonic() + wait > oldest:
            return _Outcome("EventAgeExceeded", tries, result)
        time.sleep(wait)


def _event_invoke_config(function: Record) -> Record:
    """SAM writes it for the qualifier $LATEST, the API without one: the same function."""
    # The stored record, not the one of the first try: its settings may have changed since.
    stored = lambda_svc._functions.get(_config(function).get("FunctionName")) or function
    configs = stored.get("event_invoke_configs") or {}
    found: Record = configs.get("$LATEST") or configs.get("") or {}
    return found


def _config(function: Record) -> Record:
    config: Record = function.get("config") or function
    return config


def _send_to_dead_letter_queue(
    function: Record, event: Any, request_id: str, lost: _Outcome
) -> None:
    target = (_config(function).get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        body = lost.result.get("body")
        message = body.get("errorMessage", "") if isinstance(body, dict) else str(body)
        _put_message(
            target,
            json.dumps(event),
            {
                "RequestID": {"DataType": "String", "StringValue": request_id},
                "ErrorCode": {
                    "DataType": "Number",
                    "StringValue": "429" if lost.result.get("throttle") else "200",
                },
                "ErrorMessage": {
                    "DataType": "String",
                    "StringValue": message.encode()[:_ERROR_MESSAGE_BYTES].decode(errors="ignore")
                    or "Unhandled",
                },
            },
        )


def _send_to_destination(function: Record, event: Any, request_id: str, lost: _Outcome) -> None:
    on_failure = (_event_invoke_config(function).get("DestinationConfig") or {}).get("OnFailure")
    target = (on_failure or {}).get("Destination")
    if not target:
        return
    record = {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{_config(function)['FunctionArn']}:$LATEST",
            "condition": lost.condition,
            "approximateInvokeCount": lost.tries,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "responsePayload": lost.result.get("body"),
    }
    if ":sqs:" in target:
        _put_message(target, json.dumps(record), {})
    elif ":lambda:" in target:
        found, config, _name = lambda_svc._get_func_record_for_ref(target)
        if found is not None:
            lambda_svc.invoke_async_with_retry(
                lambda_svc._execution_record_for_config(found, config), record
            )
    else:
        print(f"The local AWS has no on-failure destination {target}", flush=True)


def _put_message(queue_arn: str, body: str, attributes: Record) -> None:
    message = {
        "QueueUrl": sqs._queue_url(queue_arn.rsplit(":", 1)[1]),
        "MessageBody": body,
        "MessageAttributes": attributes,
    }
    try:
        sqs._act_send_message(message, "")
    except sqs._Err as error:
        print(f"{queue_arn} refused an event, which is lost: {error.message}", flush=True)
    else:
        esm_wake.set()
