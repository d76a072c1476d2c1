"""The one HTTP address of the local AWS: ministack's application, with what is ours before it.

What starts with /_local/ answers questions that AWS has no API for, and works the controls; aws.py
asks for both.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack.core.lambda_runtime import INVOKE_DEPTH_HEADER

from local.emulator.core import controls
from local.emulator.gateway import kept_requests
from local.emulator.gateway.calls import Calls
from local.emulator.lambda_ import execution_environments

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_EVENT_BYTES = 1_048_576
"""Largest payload of an asynchronous invocation (Lambda quotas)."""

_INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations")
_LINEAGE = re.compile(r"Lineage=\d+:[0-9a-f]+:(\d+)")
_FORM = "application/x-www-form-urlencoded"


class Gateway:
    """An ASGI application around ministack's."""

    def __init__(self, ministack: Application, calls: Calls) -> None:
        self._ministack = ministack
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._ministack(scope, receive, send)
        elif scope["path"].startswith("/_local/") and scope["method"] == "POST":
            await self._control(scope["path"].removeprefix("/_local/"), receive, send)
        elif scope["path"].startswith("/_local/"):
            await self._answer_about_itself(scope["path"], send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        target = scope["raw_path"].decode() + "?" + scope["query_string"].decode()
        if headers.get("content-type", "").startswith(_FORM):
            body, receive = await _read_ahead(receive)
        else:
            body = b""
        call = self._calls.record(scope["method"], target, headers, body)
        if _too_large(scope["path"], headers):
            await _send_json(
                send,
                413,
                {"Message": f"Request must be smaller than {MAX_EVENT_BYTES} bytes"},
                [(b"x-amzn-errortype", b"RequestTooLargeException")],
            )
            return
        if call and kept_requests.wanted(call, int(headers.get("content-length", 0))):
            body, receive = await _read_ahead(receive)
            kept_requests.keep(call, body)
        _count_hops(scope, headers)
        await self._ministack(scope, receive, send)

    async def _control(self, name: str, receive: Receive, send: Send) -> None:
        body, _ = await _read_ahead(receive)
        control = controls.find(name)
        if control is None:
            await _send_json(send, 404, {"message": f"There is no control {name}."})
            return
        try:
            await _send_json(send, 200, await asyncio.to_thread(control, json.loads(body)))
        except controls.ControlError as error:
            await _send_json(send, 400, {"message": str(error)})

    async def _answer_about_itself(self, path: str, send: Send) -> None:
        answers: dict[str, Callable[[], Any]] = {
            "/_local/calls": self._calls.listed,
            "/_local/functions": execution_environments.running,
        }
        if path in answers:
            await _send_json(send, 200, answers[path]())
        else:
            await _send_json(send, 404, {"known": sorted(answers)})


def _too_large(path: str, headers: dict[str, str]) -> bool:
    return (
        headers.get("x-amz-invocation-type") == "Event"
        and _INVOCATION.fullmatch(path) is not None
        and int(headers.get("content-length", 0)) > MAX_EVENT_BYTES
    )


def _count_hops(scope: Scope, headers: dict[str, str]) -> None:
    """Tell ministack the depth of a chain of invocations, which AWS reads from the trace header."""
    lineage = _LINEAGE.search(headers.get("x-amzn-trace-id", ""))
    if lineage:
        depth = (INVOKE_DEPTH_HEADER.lower().encode(), lineage[1].encode())
        scope["headers"] = [*scope["headers"], depth]


async def _read_ahead(receive: Receive) -> tuple[bytes, Receive]:
    """Return the body, and a `receive` that gives it once more."""
    messages: list[Message] = []
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    body = b"".join(message.get("body", b"") for message in messages)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


async def _send_json(
    send: Send, status: int, content: Any, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json"), *(headers or [])],
        }
    )
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
