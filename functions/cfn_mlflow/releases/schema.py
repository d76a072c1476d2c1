"""What a schema is made of here: tables with their columns and indexes, in PostgreSQL's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column's type, such as `character varying(32)`, and whether it may be null."""

    type: str
    nullable: bool

    def __str__(self) -> str:
        return self.type if self.nullable else f"{self.type} not null"

    @classmethod
    def parse(cls, text: str) -> Column:
        """Return the column that `str` gave as `text`."""
        kind = text.removesuffix(" not null")
        return cls(kind, kind == text)


@dataclass(frozen=True)
class Table:
    """A table: its columns, and each index by name as method and columns: `unique btree (a, b)`.

    A primary key is the index that begins with `primary key`.
    """

    columns: Mapping[str, Column]
    indexes: Mapping[str, str]


Schema = Mapping[str, Table]
"""Tables by name; alembic's own are left out."""
