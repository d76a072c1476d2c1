"""Write what a real MLflow makes of a real PostgreSQL, revision by revision, for the functions.

Run it in the development environment, with the interpreter of an environment that holds the newest
MLflow and psycopg2:

    PYTHONPATH=functions:. python tools/make_releases.py ENVIRONMENT/bin/python

Older versions stay as they stand in versions.json; their revisions lie in the newest one's chain.
`--check` writes nothing and compares a database born at that environment's MLflow with the data.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfn_mlflow import releases
from cfn_mlflow.releases.schema import Schema, Table
from cfn_mlflow.schema_check import check as schema_check
from tests.support.postgres import Connection, Server, running

FOLDER = Path(releases.__file__).parent

# Both run in MLflow's environment: a revision a line, each after a line from us.
STEPS = """
import sqlalchemy
import mlflow.store.db.utils as db
from alembic import command
from alembic.script import ScriptDirectory

engine = sqlalchemy.create_engine("postgresql+psycopg2://")
config = db._get_alembic_config("postgresql+psycopg2://")
db.InitialBase.metadata.create_all(engine)
for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions())):
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, script.revision)
    print("at", script.revision, flush=True)
    input()
"""
USERS_STEPS = """
import sqlalchemy
import mlflow.server.auth.db.utils as db
from alembic.script import ScriptDirectory

engine = sqlalchemy.create_engine("postgresql+psycopg2://")
scripts = ScriptDirectory.from_config(db._get_alembic_config(""))
for script in reversed(list(scripts.walk_revisions())):
    db.migrate(engine, script.revision)
    print("at", script.revision, flush=True)
    input()
"""
CHAINS = {"revisions.json": STEPS, "users_revisions.json": USERS_STEPS}
# What a server does at its first start.
BIRTH = """
import sqlalchemy
import mlflow.store.db.utils as db
db._initialize_tables(sqlalchemy.create_engine("postgresql+psycopg2://"))
"""
HEADS = """
import json, pathlib, mlflow
from alembic.script import ScriptDirectory
def head(folder):
    scripts = pathlib.Path(mlflow.__file__).parent / folder
    return ScriptDirectory(str(scripts)).get_current_head() if scripts.exists() else None
heads = head("store/db_migrations"), head("server/auth/db/migrations")
print(json.dumps([mlflow.__version__, *heads]))
"""


def main() -> int:
    """Make the data, or check it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python", help="interpreter of an environment that holds MLflow")
    parser.add_argument("--check", action="store_true", help="write nothing; compare")
    options = parser.parse_args()
    version, *heads = json.loads(_mlflow(options.python, HEADS, {}).splitlines()[-1])
    with running() as server:
        if options.check:
            return _check(server, options.python, version)
        for name, code in CHAINS.items():
            _write_chain(name, _steps(server, options.python, code))
    known = json.loads((FOLDER / "versions.json").read_text())
    known[version] = heads
    _write("versions.json", [f"{_json(v)}: {_json(known[v])}" for v in _in_order(known)], "{}")
    return 0


def _check(server: Server, python: str, version: str) -> int:
    with server.create("born") as database:
        _mlflow(python, BIRTH, server.environment("born"))
        found = schema_check.read(database)
    expected = releases.head_of(version)
    layout = releases.declared(found.revision or "")
    sys.stdout.write(f"{version}: born at {found.revision}, declared {expected}\n")
    if layout is None or found.revision != expected:
        return 1
    compared = schema_check.compare(found.schema, layout)
    for line in (*compared.differences, *compared.notes, *_names(found.schema, layout)):
        sys.stdout.write(line + "\n")
    return 1 if compared.differences or compared.notes else 0


def _names(found: Schema, layout: Schema) -> Iterator[str]:
    for name in set(found) & set(layout):
        if set(found[name].indexes) != set(layout[name].indexes):
            other = sorted(set(found[name].indexes) ^ set(layout[name].indexes))
            yield f"table {name}: indexes under other names: {other}"


def _steps(server: Server, python: str, code: str) -> Iterator[dict[str, Any]]:
    """Yield each revision with the tables that it made or changed; None is a dropped one."""
    name = f"steps_{len(code)}"
    with server.create(name) as database:
        process = subprocess.Popen(  # noqa: S603 - the interpreter that the caller named
            [python, "-c", code],
            env=os.environ | server.environment(name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("MLflow's process has no pipes.")
        before: dict[str, Any] = {}
        for line in process.stdout:
            if line.startswith("at "):
                after = _tables(database)
                changed = {t: after.get(t) for t in before | after if before.get(t) != after.get(t)}
                yield {"revision": line.split()[1], "tables": changed}
                before = after
                process.stdin.write("\n")
                process.stdin.flush()
        if process.wait():
            raise RuntimeError(f"MLflow's process ended with {process.returncode}.")


def _tables(database: Connection) -> dict[str, Any]:
    return {name: _raw(table) for name, table in schema_check.read(database).schema.items()}


def _raw(table: Table) -> dict[str, Any]:
    columns = {name: str(column) for name, column in table.columns.items()}
    return {"columns": columns, "indexes": dict(table.indexes)}


def _write_chain(name: str, steps: Iterator[dict[str, Any]]) -> None:
    lines = []
    for step in steps:
        tables = ",\n".join(
            f"{_json(t)}: {_json(raw)}" for t, raw in sorted(step["tables"].items())
        )
        lines.append(f'{{"revision": {_json(step["revision"])}, "tables": {{\n{tables}}}}}')
    _write(name, lines, "[]")


def _write(name: str, lines: list[str], brackets: str) -> None:
    text = brackets[0] + "\n" + ",\n".join(lines) + "\n" + brackets[1] + "\n"
    json.loads(text)
    (FOLDER / name).write_text(text, encoding="utf-8")


def _in_order(versions: dict[str, Any]) -> list[str]:
    return sorted(versions, key=lambda version: [int(part) for part in version.split(".")])


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _mlflow(python: str, code: str, environment: dict[str, str]) -> str:
    return subprocess.run(  # noqa: S603 - the interpreter that the caller named
        [python, "-c", code],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
