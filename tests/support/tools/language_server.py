"""A language server as an editor runs it: a program that is spoken to on its standard streams."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

Message = dict[str, Any]


class LanguageServer:
    """The client's side of the Language Server Protocol, as little of it as an editor needs."""

    def __init__(self, process: subprocess.Popen[bytes], settings: Mapping[str, Any]) -> None:
        assert process.stdin
        assert process.stdout
        self._to: IO[bytes] = process.stdin
        self._from: IO[bytes] = process.stdout
        self._settings = settings
        self._ids = itertools.count(1)
        self._told: dict[str, list[Message]] = {}

    def initialize(self) -> None:
        """Greet the server and offer it the settings, which it asks for when it wants them."""
        capabilities = {
            "workspace": {"configuration": True, "didChangeConfiguration": {}},
            "textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                "publishDiagnostics": {},
            },
        }
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": dict(self._settings)})

    def open(self, uri: str, text: str) -> list[Message]:
        """Show the server a file of YAML; return what it finds wrong with it."""
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._told.pop(uri, None)
        self._tell("textDocument/didOpen", {"textDocument": document})
        while uri not in self._told:
            self._serve(self._receive())
        return self._told[uri]

    def hover(self, uri: str, line: int, character: int) -> str:
        """Return what the server shows where the mouse rests."""
        found = self._ask("textDocument/hover", _place(uri, line, character))
        return str(found["contents"]["value"]) if found else ""

    def completion(self, uri: str, line: int, character: int) -> list[str]:
        """Return the words that the server offers where the cursor is."""
        found = self._ask("textDocument/completion", _place(uri, line, character))
        items = found["items"] if isinstance(found, dict) else found or []
        return [item["label"] for item in items]

    def shutdown(self) -> None:
        """Let the server end by itself."""
        self._ask("shutdown", None)
        self._tell("exit", None)

    def _ask(self, method: str, parameters: Any) -> Any:
        asked = next(self._ids)
        self._send({"id": asked, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == asked and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]
            self._serve(message)

    def _tell(self, method: str, parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _serve(self, message: Message) -> None:
        """Take what the server tells, and answer what it asks."""
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self._told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message:
            asked = message["params"].get("items", []) if message.get("params") else []
            settings = [self._settings.get(item["section"], {}) for item in asked]
            answer = settings if method == "workspace/configuration" else None
            self._send({"id": message["id"], "result": answer})

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._to.flush()

    def _receive(self) -> Message:
        length = 0
        while line := self._from.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        received: Message = json.loads(self._from.read(length))
        return received


@contextlib.contextmanager
def language_server(
    command: Sequence[str | Path], settings: Mapping[str, Any]
) -> Iterator[LanguageServer]:
    """Run a language server, and end it when it is no longer needed."""
    argv = [str(word) for word in command]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - a pinned program of the project's own
        try:
            server = LanguageServer(process, settings)
            server.initialize()
            yield server
            server.shutdown()
        finally:
            process.kill()


def _place(uri: str, line: int, character: int) -> Message:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
