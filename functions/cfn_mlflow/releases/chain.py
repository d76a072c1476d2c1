"""A chain of revisions, oldest first, and the tables that each of them leaves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cfn_mlflow.releases.schema import Column, Schema, Table


@dataclass(frozen=True)
class Chain:
    """The revisions in one file beside this module, as tools/make_releases.py has written them."""

    file: str

    @property
    def first(self) -> str:
        """Return the first revision."""
        return str(self._entries[0]["revision"])

    def position(self, revision: str) -> int | None:
        """Return a revision's place, oldest first from 0; None where it is not in the chain."""
        return self._positions.get(revision)

    def pending(self, found: str | None, expected: str) -> list[str]:
        """Return the revisions that a migration would run, in order; all up to it from None."""
        start = -1 if found is None else self.position(found)
        end = self.position(expected)
        if start is None or end is None:
            return []
        return [entry["revision"] for entry in self._entries[start + 1 : end + 1]]

    def declared(self, revision: str) -> Schema | None:
        """Return the tables, columns and indexes at a revision, or None where it is not known."""
        end = self.position(revision)
        if end is None:
            return None
        tables: dict[str, Any] = {}
        for entry in self._entries[: end + 1]:
            tables.update(entry["tables"])
        return {name: _table(raw) for name, raw in tables.items() if raw is not None}

    def first_tables(self) -> frozenset[str]:
        """Return the names of the tables that the first revision makes."""
        return frozenset(self._entries[0]["tables"])

    def all_tables(self) -> frozenset[str]:
        """Return the names of the tables that any revision makes."""
        return frozenset(name for entry in self._entries for name in entry["tables"])

    @cached_property
    def _entries(self) -> list[dict[str, Any]]:
        text = Path(__file__).with_name(self.file).read_text(encoding="utf-8")
        entries: list[dict[str, Any]] = json.loads(text)
        return entries

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {entry["revision"]: place for place, entry in enumerate(self._entries)}


def _table(raw: dict[str, dict[str, str]]) -> Table:
    columns = {name: Column.parse(text) for name, text in raw["columns"].items()}
    return Table(columns, raw["indexes"])
