"""What starts a function: the stand-in for Lambda's Python runtime, one process per environment.

Run by the interpreter of the function's Runtime with the standard library alone, so this file
imports nothing of ours. ministack sends one line `{code_dir, module, handler, env, function_name,
memory}`, answered by `{status: ready}`, then a line `{event, ctx}` for each invocation, answered
by `{status: ok, result}` or `{status: error, error, trace}`.
"""

import hashlib
import importlib
import json
import logging
import os
import secrets
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Handler = Callable[[Any, Any], Any]

# execution_environments.py puts this file in the place of the artifact, which it unpacks once.
TOLD = "told.json"

# All that an inherited environment may contribute; the rest of the emulator's stays out.
INHERITED = ("AWS_", "SSL_CERT_FILE", "TMPDIR")


# How the name of CloudFormation's bucket for answers begins, in every Region.
ANSWERS = "cloudformation-custom-resource-response-"


class LambdaContext:
    """What Lambda hands to a handler beside the event."""

    def __init__(self, function: Json, call: Json) -> None:
        self.function_name: str = function["function_name"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn: str = call["invoked_function_arn"]
        self.memory_limit_in_mb = str(function["memory"])
        self.aws_request_id: str = call["request_id"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + call["timeout_ms"] / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left until the function's Timeout."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class RequestIdFormatter(logging.Formatter):
    """Lambda's text format: level, time in UTC, request id, message."""

    converter = staticmethod(time.gmtime)
    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`."""
        record.aws_request_id = self.request_id
        return super().format(record)


def set_environment(function: Json, told: Json) -> None:
    """Leave in os.environ what Lambda documents for its runtime, and the function's own."""
    name = function["function_name"]
    kept = {k: v for k, v in os.environ.items() if k.startswith(INHERITED)}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(
        {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": told["log_group"],
            "AWS_LAMBDA_LOG_STREAM_NAME": told["log_stream"],
            # Not AWS's: by it gateway/calls.py knows who called. 50 is the SDK's limit.
            "AWS_SDK_UA_APP_ID": name[:50],
            "HOME": str(Path(sys.argv[0]).parent),
            "LAMBDA_TASK_ROOT": told["code_dir"],
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TZ": ":UTC",
            "_HANDLER": f"{function['module']}.{function['handler']}",
            **function["env"],
        }
    )
    time.tzset()


def find_answers_bucket(port: int) -> None:
    """Let the name of CloudFormation's bucket for answers lead here, as DNS lets it on Lambda.

    The server there has a certificate of that name: TLS is checked as on AWS.
    """
    look_up = socket.getaddrinfo

    def find(host: Any, asked: Any, *more: Any, **named: Any) -> Any:
        is_bucket = isinstance(host, str) and host.startswith(ANSWERS)
        place = ("127.0.0.1", port) if is_bucket else (host, asked)
        return look_up(*place, *more, **named)

    socket.getaddrinfo = find  # type: ignore[assignment] # what it is called with is handed on


def set_logging() -> RequestIdFormatter:
    """Give the root logger the handler that Lambda's runtime gives it."""
    formatter = RequestIdFormatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
        "%Y-%m-%dT%H:%M:%S",
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    return formatter


def load(function: Json) -> Handler:
    """Import the handler."""
    found = getattr(importlib.import_module(function["module"]), function["handler"])
    if not callable(found):
        raise TypeError(f"Handler '{function['handler']}' is not callable")
    handler: Handler = found
    return handler


def failure(error: BaseException) -> Json:
    """Return the answer for an exception that left the handler or its import."""
    text = str(error) or type(error).__name__
    if isinstance(error, ImportError):
        text = f"Unable to import module: {error}"
    return {"status": "error", "error": text, "trace": traceback.format_exc()}


def invoke(handler: Handler, function: Json, message: Json) -> Json:
    """Run one invocation and return its answer."""
    call = message["ctx"]
    trace = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)}"
    # The SDK sends this variable on with every call: so loops are counted, as on AWS.
    lineage = f"1:{hashlib.sha256(function['function_name'].encode()).hexdigest()[:8]}"
    depth = call.get("depth") or 0
    os.environ["_X_AMZN_TRACE_ID"] = f"{trace};Sampled=0;Lineage={lineage}:{depth}"
    try:
        result = handler(message["event"], LambdaContext(function, call))
        return {"status": "ok", "result": json.loads(json.dumps(result))}
    except Exception as error:
        return failure(error)


def main() -> None:
    """Serve invocations until standard input ends."""
    # What the function prints must not mix with the answers, C code's output included.
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    # A line is in the log when it is printed, as on Lambda.
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 - open for as long as the process is
    function: Json = json.loads(sys.stdin.readline())
    told = json.loads((Path(function["code_dir"]) / TOLD).read_text())
    code_dir = Path(told["code_dir"])
    os.chdir(code_dir)
    set_environment(function, told)
    find_answers_bucket(told["answers_port"])
    formatter = set_logging()
    sys.path[0] = str(code_dir)
    broken: Json | None = None
    handler: Handler | None = None
    try:
        handler = load(function)
    except (Exception, SystemExit) as error:
        # Reported by the invocation that waits for it: ministack would else end its siblings.
        broken = failure(error)
    answers.write(json.dumps({"status": "ready"}) + "\n")
    for line in sys.stdin:
        message = json.loads(line)
        formatter.request_id = message["ctx"]["request_id"]
        answer = broken if handler is None else invoke(handler, function, message)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
