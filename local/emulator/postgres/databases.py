"""The compute of Aurora clusters: for each a PostgreSQL, its TLS front and its names."""

import shutil
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator.containers.docker import NETWORK, Container
from local.emulator.core.event_loop import EventLoop
from local.emulator.network.addresses import Addresses, Names, Place
from local.emulator.network.certificates import make_certificate
from local.emulator.postgres import auto_pause, tls_front
from local.emulator.postgres.server import BACKEND_PORT, PostgresServer

FRONT_PORT = 5432
LOGS_FOLDER = "postgresql"
"""The folder in the state folder with the logs of servers that are gone."""


@dataclass(frozen=True)
class ClusterSettings:
    """What RDS knows of a cluster and PostgreSQL must obey."""

    database: str | None
    max_connections: int
    must_encrypt: bool
    idle_limit: float | None = None
    """Seconds without a user's connection until it pauses; None: it never does."""


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
        self._logs = state / LOGS_FOLDER
        self._addresses = addresses
        self._names = names
        self._loop = loop
        self._settings = settings
        self._servers: dict[str, PostgresServer] = {}
        self._running: dict[str, DatabaseContainer] = {}
        auto_pause.watch(lambda: [container.sleep for container in self._running.values()])

    def container(self, volume: str) -> "DatabaseContainer | None":
        """Return the compute on `volume`, running or not; None if there never was any."""
        return self._running.get(volume)

    def name(self, container: "DatabaseContainer", aliases: list[str]) -> None:
        """Let `aliases`, and no other names, lead to `container`, whose certificate has them."""
        self._forget_names(container.address)
        for alias in aliases:
            self._names.put(alias, Place(container.address))
        container.certify(aliases)

    def _forget_names(self, address: str) -> None:
        for name, place in self._names.all().items():
            if place.address == address:
                self._names.remove(name)

    def sleep(self, volume: str) -> auto_pause.Sleep | None:
        """Return whether the compute on `volume` is awake; None if there is no compute."""
        container = self._running.get(volume)
        return container.sleep if container else None

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
        container = DatabaseContainer(name, labels, server, self._loop, self._settings)
        self.name(container, networking_config[NETWORK]["Aliases"])
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
            self._keep_log(volume, server)
            shutil.rmtree(server.folder, ignore_errors=True)
            self._addresses.release(server.address)
            self._forget_names(server.address)

    def _keep_log(self, volume: str, server: PostgresServer) -> None:
        """Let the server's log outlive it: the tests search all of them."""
        if server.log.exists():
            self._logs.mkdir(exist_ok=True)
            shutil.copyfile(server.log, self._logs / f"{volume}-{uuid.uuid4().hex}.log")

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
        loop: EventLoop,
        settings: Settings,
    ) -> None:
        super().__init__(name, labels, server.address)
        self._server = server
        self._loop = loop
        self._settings = settings
        self.sleep = auto_pause.Sleep(self)
        self._front = tls_front.TlsFront(
            (server.address, FRONT_PORT),
            (server.address, BACKEND_PORT),
            tls_front.Doorman(lambda: settings(labels).must_encrypt, self.sleep.knock),
        )

    def certify(self, names: list[str]) -> None:
        """Let the front show a certificate of these names from now on."""
        folder = self._server.folder / "tls"
        self._front.certificate = make_certificate(folder, names, self.address)

    @property
    def status(self) -> str:
        """`running`, also while it is paused, or `exited`."""
        return "running" if self._server.running or self.sleep.asleep else "exited"

    @property
    def exit_code(self) -> int:
        """Always 0: RDS never asks how PostgreSQL ended."""
        return 0

    @property
    def idle_limit(self) -> float | None:
        """Seconds without connections until it pauses; None when it never does."""
        return self._settings(self.labels).idle_limit

    def user_connections(self) -> int:
        """Return how many connections of users there are, the Data API's included."""
        return self._server.user_connections()

    def start_again(self) -> None:
        """Start PostgreSQL alone; the front is there."""
        self._server.start(self._settings(self.labels).max_connections)

    def halt(self) -> None:
        """Stop PostgreSQL alone."""
        self._server.stop()

    def start(self) -> None:
        """Start PostgreSQL, then let clients in."""
        self.start_again()
        self.sleep.switch(on=True)
        self._loop.call(self._front.start())

    def stop(self, timeout: float = 10) -> None:
        """Let no more clients in, then stop PostgreSQL."""
        del timeout  # PostgreSQL's own shutdown has a bound of its own
        self._loop.call(self._front.stop())
        self.sleep.switch(on=False)
        self._server.stop()

    def wait(self) -> dict[str, int]:
        """Return at once: nobody waits for a database to end."""
        return {"StatusCode": self.exit_code}

    def logs(self, stream: bool = False, **_options: Any) -> bytes | Iterable[bytes]:
        """Return the server's log."""
        text = self._server.log.read_bytes()
        return text.splitlines(keepends=True) if stream else text
