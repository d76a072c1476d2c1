"""The tables of an MLflow revision, made as its migrations would leave them."""

from __future__ import annotations

from collections.abc import Iterator

from cfn_mlflow import releases


def statements_of(revision: str) -> Iterator[str]:
    """Yield the SQL that makes an empty database one of this revision; without indexes."""
    yield "CREATE TABLE alembic_version (version_num varchar(32))"
    yield f"INSERT INTO alembic_version VALUES ('{revision}')"  # noqa: S608 - a revision of MLflow's
    for name, table in (releases.declared(revision) or {}).items():
        columns = ", ".join(f'"{column}" {kind}' for column, kind in table.columns.items())
        yield f'CREATE TABLE "{name}" ({columns})'
