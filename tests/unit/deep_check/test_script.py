"""The deep check's own script finds which servers are healthy."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cfn_mlflow import deep_check
from cfn_mlflow.deep_check import DeepCheckReport

PASSWORD = {"MLFLOW_AUTH_ADMIN_PASSWORD": "the first password"}
Answer = Callable[[str, str], int]
"""The status with which a server answers to a method and a path."""


class Server:
    """A server of the service, which keeps the requests and the artifacts."""

    def __init__(self, answer: Answer) -> None:
        asked: list[str] = []
        artifacts: dict[str, bytes] = {}

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append(f"{self.command} {self.headers['Host']}{self.path}")
                status = answer(self.command, self.path)
                if self.command == "PUT":
                    artifacts[self.path] = body
                found = artifacts.get(self.path, b"") if self.command == "GET" else b"{}"
                if self.command == "DELETE" and status == 200:
                    del artifacts[self.path]
                self.send_response(status)
                self.send_header("Content-Length", str(len(found)))
                self.end_headers()
                self.wfile.write(found)

            do_POST = do_PUT = do_GET = do_DELETE = _serve  # noqa: N815 - the names that it looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.asked, self.artifacts = asked, artifacts
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.http.server_port}"


@contextmanager
def serving(*answers: Answer) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        servers = [Server(answer) for answer in answers]
        for server in servers:
            threading.Thread(target=server.http.serve_forever, daemon=True).start()
            stack.callback(server.http.server_close)
            stack.callback(server.http.shutdown)
        yield servers


def check(servers: list[Server], **environment: str) -> tuple[int, DeepCheckReport | None]:
    """Run the command as the task does; return its exit code and its report."""
    told = {
        "CFN_MLFLOW_SERVERS": ",".join(server.address for server in servers),
        "CFN_MLFLOW_HOST": "mlflow.example.com",
        "CFN_MLFLOW_CHECK_SECONDS": "0",
    }
    ended = subprocess.run(  # noqa: S603 - the text of our own
        [sys.executable, *deep_check.command()],
        env={**os.environ, **told, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the first password" not in ended.stdout + ended.stderr
    return ended.returncode, deep_check.parse(ended.stdout.splitlines())


def well(_method: str, _path: str) -> int:
    return 200


def test_each_server_is_asked_for_database_and_artifact_and_nothing_is_left() -> None:
    with serving(well, well) as servers:
        assert check(servers) == (0, DeepCheckReport(healthy=True, reason=""))
        for server in servers:
            methods = [one.split()[0] for one in server.asked]
            assert methods == ["POST", "PUT", "GET", "DELETE"]
            assert all("mlflow.example.com/api/2.0/" in one for one in server.asked)
            assert server.artifacts == {}


@pytest.mark.parametrize("status", [403, 500, 503])
def test_given_one_server_that_does_not_serve_then_it_is_named_whoever_signed_in(
    status: int,
) -> None:
    with serving(well, lambda _method, _path: status) as servers:
        code, report = check(servers, **PASSWORD)
    assert code == 1
    assert report is not None
    assert report.reason.startswith(f"{servers[1].address} answers {status} to POST")


def test_given_a_changed_password_then_every_server_is_still_asked_for_its_users() -> None:
    def signed_out(_method: str, _path: str) -> int:
        return 401

    with serving(signed_out, signed_out) as servers:
        assert check(servers, **PASSWORD) == (0, DeepCheckReport(healthy=True, reason=""))
        assert [len(server.asked) for server in servers] == [1, 1]
        code, report = check(servers)
    assert (code, report and report.healthy) == (1, False), "without basic-auth it is a fault"


def test_given_an_old_release_that_cannot_delete_an_artifact_then_it_passes() -> None:
    with serving(lambda method, _path: 405 if method == "DELETE" else 200) as servers:
        assert check(servers) == (0, DeepCheckReport(healthy=True, reason=""))
