"""The tasks give no password to a server in the database's place that asks for more than a proof.

The client is the real libpq, with the environment of a task. The server speaks PostgreSQL's
protocol up to the request for a password (its documentation, "Message Formats").
"""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from cfn_mlflow.types.service.tasks.environment import database_environment
from cfn_mlflow.upgrade.migration import script
from local.emulator.network.certificates import make_certificate

ADDRESS = "127.0.0.1"
PASSWORD = secrets.token_urlsafe(24)
REQUESTS = {
    "a cleartext password": struct.pack("!cII", b"R", 8, 3),
    "an MD5 password": struct.pack("!cII4s", b"R", 12, 5, b"salt"),
    "no password": struct.pack("!cII", b"R", 8, 0),
}
SECONDS = 60


@dataclass
class RogueServer:
    """Takes one connection with TLS, asks for a password, and keeps the answer."""

    certificate: ssl.SSLContext
    request: bytes
    listening: socket.socket = field(default_factory=lambda: socket.create_server((ADDRESS, 0)))
    told: bytes = b""

    @property
    def port(self) -> int:
        """Return the port that the server listens on."""
        return int(self.listening.getsockname()[1])

    def serve(self) -> None:
        """Serve one client to its end."""
        plain, _ = self.listening.accept()
        self.listening.close()
        with plain:
            plain.settimeout(SECONDS)
            _packet(plain)
            plain.sendall(b"S")
            with self.certificate.wrap_socket(plain, server_side=True) as connection:
                _packet(connection)
                connection.sendall(self.request)
                while chunk := connection.recv(4096):
                    self.told += chunk


def _packet(connection: socket.socket) -> None:
    [size] = struct.unpack("!I", _read(connection, 4))
    _read(connection, size - 4)


def _read(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        read += connection.recv(size - len(read)) or pytest.fail("the client has gone")
    return read


@contextmanager
def rogue_server(folder: Path, request: bytes) -> Iterator[RogueServer]:
    """Yield a server that serves until the end of the block."""
    server = RogueServer(make_certificate(folder, ["localhost"], ADDRESS), request)
    with server.listening:
        serving = threading.Thread(target=server.serve, daemon=True)
        serving.start()
        yield server
        serving.join(SECONDS)
        assert not serving.is_alive()


@pytest.fixture
def a_task(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Set the variables of a task's login, and remove all others that libpq reads."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PGUSER", "mlflow_app")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    yield monkeypatch


@pytest.mark.parametrize("asked", sorted(REQUESTS))
def test_a_rogue_server_gets_no_password_from_a_server_task(
    a_task: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    with rogue_server(tmp_path, REQUESTS[asked]) as server:
        for name, value in database_environment(ADDRESS, server.port, "mlflow").items():
            a_task.setenv(name, value)
        with pytest.raises(psycopg2.OperationalError, match='requirement "scram-sha-256" failed'):
            psycopg2.connect("")
    assert PASSWORD.encode() not in server.told
    assert server.told in (b"", struct.pack("!cI", b"X", 4))


@pytest.mark.parametrize("asked", sorted(REQUESTS))
def test_a_rogue_server_ends_a_migration_at_once_and_the_reason_says_why(
    a_task: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    a_task.setattr(script, "CONNECT_SECONDS", 0)
    with rogue_server(tmp_path, REQUESTS[asked]) as server:
        for name, value in database_environment(ADDRESS, server.port, "mlflow").items():
            a_task.setenv(name, value)
        with pytest.raises(script.End) as ended:
            script.connect(psycopg2)
    outcome, reason = ended.value.args
    assert outcome == "login-refused"
    assert 'authentication method requirement "scram-sha-256" failed' in reason
    assert PASSWORD.encode() not in server.told
