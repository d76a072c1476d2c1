"""The compute of Aurora clusters: for each a PostgreSQL, its TLS front and its names."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator import tls_front
from local.emulator.addresses import Addresses, Names, Place
from local.emulator.containers import NETWORK, Container
from local.emulator.event_loop import EventLoop
from local.emulator.postgres import BACKEND_PORT, PostgresServer

FRONT_PORT = 5432


@dataclass(frozen=True)
class ClusterSettings:
    """What RDS knows of a cluster and PostgreSQL must obey."""

    database: str | None
    max_connections: int
    must_encrypt: bool


Settings = Callable[[dict[str, str]], ClusterSettings]
"""Gives the settings, as they are now, of the cluster that a container's labels name."""


class Databases:
    """All PostgreSQL servers of this local AWS, by the name of their volume."""

    def __init__(
        self,
        state: Path,
        addresses: Addresses,
        names: Names,
        loop: EventLoop,
        settings: Settings,
    ) -> None:
        self._state = state / "databases"
        self.snapshots = state / "snapshots"
        self._addresses = addresses
        self._names = names
        self._loop = loop
        self._settings = settings
        self._servers: dict[str, PostgresServer] = {}
        self._running: dict[str, DatabaseContainer] = {}

    def server(self, volume: str) -> PostgresServer:
        """Return the server whose data is `volume`; it need not have been started."""
        if volume not in self._servers:
            address = self._addresses.in_vpc()
            self._servers[volume] = PostgresServer(self._state / volume, address)
        return self._servers[volume]

    def run(
        self,
        *,
        name: str,
        labels: dict[str, str],
        environment: dict[str, str],
        volumes: dict[str, Any],
        networking_config: dict[str, dict[str, list[str]]],
        **_options: Any,
    ) -> Container:
        """Start the compute of the cluster that `labels` names; the names lead to it from now."""
        volume = next(iter(volumes))
        server = self.server(volume)
        aliases = networking_config[NETWORK]["Aliases"]
        for alias in aliases:
            self._names.put(alias, Place(server.address))
        front = tls_front.TlsFront(
            (server.address, FRONT_PORT),
            (server.address, BACKEND_PORT),
            tls_front.make_certificate(server.folder / "tls", aliases, server.address),
            lambda: self._settings(labels).must_encrypt,
        )
        container = DatabaseContainer(name, labels, server, front, self._loop)
        container.settings = self._settings
        container.start()
        server.make_master(
            environment["POSTGRES_USER"],
            environment["POSTGRES_PASSWORD"],
            self._settings(labels).database,
        )
        self._running[volume] = container
        return container

    def remove(self, volume: str) -> None:
        """Delete the data of `volume`."""
        server = self._servers.pop(volume, None)
        container = self._running.pop(volume, None)
        if container is not None:
            container.stop()
        if server is not None:
            server.stop()  # a copy from it or into it is brought to its end first
            shutil.rmtree(server.folder, ignore_errors=True)
            self._addresses.release(server.address)
            for name, place in self._names.all().items():
                if place.address == server.address:
                    self._names.remove(name)

    def is_up(self, address: str) -> bool:
        """Whether the server at `address` has been started and lives."""
        return any(
            server.address == address and server.running for server in self._servers.values()
        )

    def stop_all(self) -> None:
        """Stop every server; the data stays."""
        for container in list(self._running.values()):
            container.stop()


class DatabaseContainer(Container):
    """PostgreSQL and its front as one container."""

    def __init__(
        self,
        name: str,
        labels: dict[str, str],
        server: PostgresServer,
        front: tls_front.TlsFront,
        loop: EventLoop,
    ) -> None:
        super().__init__(name, labels, server.address)
        self._server = server
        self._front = front
        self._loop = loop
        self.settings: Settings = lambda labels: ClusterSettings(None, 100, must_encrypt=True)

    @property
    def status(self) -> str:
        """`running` or `exited`."""
        return "running" if self._server.running else "exited"

    @property
    def exit_code(self) -> int:
        """Always 0: RDS never asks how PostgreSQL ended."""
        return 0

    def start(self) -> None:
        """Start PostgreSQL, then let clients in."""
        self._server.start(self.settings(self.labels).max_connections)
        self._loop.call(self._front.start())

    def stop(self, timeout: float = 10) -> None:
        """Let no more clients in, then stop PostgreSQL."""
        del timeout  # PostgreSQL's own shutdown has a bound of its own
        self._loop.call(self._front.stop())
        self._server.stop()

    def wait(self) -> dict[str, int]:
        """Return at once: nobody waits for a database to end."""
        return {"StatusCode": self.exit_code}

    def logs(self, stream: bool = False, **_options: Any) -> bytes | Iterable[bytes]:
        """Return the server's log."""
        text = self._server.log.read_bytes()
        return text.splitlines(keepends=True) if stream else text
