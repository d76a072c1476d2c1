"""The migration's script, run in great number by the interpreter of a real MLflow.

MLflow is imported once, by a process that then forks one for each run: the runs go through the
same script, only without the seconds that the import takes each of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cfn_mlflow.upgrade.migration import command
from cfn_mlflow.upgrade.migration.result import Result, parse
from local import environments
from tests.support.postgres import PASSWORD, Connection, Server

SECONDS = 300
"""So long a run waits for a lock or a server, on a machine however busy."""
REPORT = '{"cfn-mlflow-migration"'
"""What the last line of a run begins with."""

_FORKS = """
import json, os, sys
import alembic.command, mlflow, mlflow.store.db.utils, psycopg2, sqlalchemy
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
        continue
    child = os.fork()
    if child == 0:
        for stream in (1, 2):
            os.dup2(os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv = ["-c", *asked["arguments"]]
        exec(compile(asked["script"], "migration", "exec"), {"__name__": "__main__"})
        sys.exit()
    print(child, flush=True)
"""


class Migrations:
    """Starts runs of the script."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._started = 0

    def start(self, environment: dict[str, str], **more: str) -> Run:
        """Start one with nothing but its own environment."""
        return self.start_script(command()[-1], environment | more)

    def start_script(self, script: str, environment: dict[str, str], *arguments: str) -> Run:
        """Start another script, with what MLflow's imports give it."""
        self._started += 1
        log = self._folder / f"{self._started}.log"
        # A migration is a matter of seconds here; nothing is to wait for a quarter of an hour.
        limits = {"CFN_MLFLOW_LOCK_SECONDS": str(SECONDS), "CFN_MLFLOW_CONNECT_SECONDS": "60"}
        asked = {
            "script": script,
            "arguments": arguments,
            "environment": {"PATH": os.defpath, **limits, **environment},
            "log": str(log),
        }
        return Run(self, self.ask(asked), log)

    def ask(self, what: Mapping[str, object]) -> int:
        """Send a line to the process that forks and return the number that it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@dataclass(frozen=True)
class Run:
    """One run of the script."""

    migrations: Migrations
    pid: int
    log: Path

    @property
    def output(self) -> str:
        """Return what it has written so far."""
        return self.log.read_text() if self.log.exists() else ""

    def says(self, words: str) -> bool:
        """Tell whether these words are in its log."""
        return words in self.output

    def kill(self) -> Result:
        """End it as the kernel ends a task that has no memory left."""
        os.kill(self.pid, signal.SIGKILL)
        return self.end()

    def end_code(self) -> int:
        """Wait for its end and return its exit code; less than 0 is the signal that ended it."""
        code = self.migrations.ask({"wait": self.pid})
        assert PASSWORD not in self.output
        return code

    def end(self) -> Result:
        """Wait for its end and return what it came to."""
        code = self.end_code()
        if code >= 0:
            assert self.output.splitlines()[-1].startswith(REPORT), self.output
        # The container of a task ends with 128 more than the signal's number.
        return parse(self.output.splitlines(), code if code >= 0 else 128 - code)


@contextmanager
def forking(python: Path, folder: Path) -> Iterator[Migrations]:
    """Give what starts runs in the environment of `python`, with their logs in `folder`."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [str(python), "-c", _FORKS],
        env={"PATH": os.defpath, "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Migrations(process, folder)


@pytest.fixture(scope="module")
def migrations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrations]:
    """Runs of the newest MLflow's migration, for the tests of a file."""
    with forking(environments.image(), tmp_path_factory.mktemp("migrations")) as migrations:
        yield migrations


def waits_for_table(connection: Connection, table: str, mode: str = "%") -> bool:
    """Tell whether a session of this database waits for a lock on the table."""
    return bool(
        connection.query(
            "SELECT 1 AS one FROM pg_locks WHERE NOT granted AND relation = to_regclass(:name)"
            " AND mode LIKE :mode",
            {"name": table, "mode": mode},
        )
    )


def waits_for_lock(connection: Connection, number: int) -> bool:
    """Tell whether a session waits for the advisory lock `number`, below 2**32."""
    return bool(
        connection.query(
            "SELECT 1 AS one FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            " AND CAST(objid AS bigint) = :number",
            {"number": number},
        )
    )


@contextmanager
def holding(server: Server, database: str, statement: str) -> Iterator[None]:
    """Hold what a statement takes, in a transaction of another session, to the end of the block."""
    with server.connect(database) as session:
        session.execute(f"BEGIN; {statement}")
        yield
