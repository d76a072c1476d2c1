"""What each MLflow release declares of its database: revisions, their order, their tables.

The data was made by the real MLflow on a real PostgreSQL: see tools/make_releases.py. Version
numbers do not order schemas (3.0.1 is ahead of 3.1.0), so only positions in the chain are compared.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cfn_mlflow.releases.chain import Chain
from cfn_mlflow.releases.schema import Schema

Order = Literal["behind", "current", "ahead", "unknown"]

MLFLOW = Chain("revisions.json")
USERS = Chain("users_revisions.json")
"""The tables of MLflow's users, where it asks for a login: a chain of their own."""

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_IMAGE_TAG = re.compile(r"v?(\d+\.\d+\.\d+)(?:-[\w.-]+)?")


def version_of(image: str) -> str | None:
    """Return the MLflow version that an image's tag names, or None where it names none.

    `ghcr.io/mlflow/mlflow:v3.17.2-full` gives `3.17.2`; `latest` and a bare digest give None.
    """
    name = image.partition("@")[0].rpartition("/")[2]
    match = _IMAGE_TAG.fullmatch(name.partition(":")[2])
    return match.group(1) if match else None


def head_of(version: str) -> str | None:
    """Return the revision at which a release leaves its database, or None where it is not known."""
    return _heads_of(version)[0]


def auth_head_of(version: str) -> str | None:
    """Return the revision of a release's basic-auth tables; None where it has or is known none."""
    return _heads_of(version)[1]


def first_version_with(revision: str) -> str | None:
    """Return the lowest MLflow version that knows a revision, if one is known."""
    least = position(revision)
    if least is None:
        return None
    heads = ((key, position(head) or 0) for key, (head, _) in _versions().items() if head)
    return ".".join(map(str, min(key for key, place in heads if place >= least)))


def position(revision: str) -> int | None:
    """Return a revision's place in the chain, oldest first from 0; None where it is not in it."""
    return MLFLOW.position(revision)


def compare(found: str, expected: str) -> Order:
    """Tell how the revision of a database stands to the one that is expected of it."""
    if found == expected:
        return "current"
    here, there = position(found), position(expected)
    if here is None or there is None:
        return "unknown"
    return "behind" if here < there else "ahead"


def pending(found: str | None, expected: str) -> list[str]:
    """Return the revisions that a migration would run, in order; all up to it from None."""
    return MLFLOW.pending(found, expected)


def declared(revision: str) -> Schema | None:
    """Return the tables, columns and indexes at a revision, or None where it is not known."""
    return MLFLOW.declared(revision)


def first_tables() -> frozenset[str]:
    """Return the names of the tables that every MLflow makes first, before any revision."""
    return MLFLOW.first_tables()


def _heads_of(version: str) -> tuple[str | None, str | None]:
    """Return both heads. A patch release between two of its line that agree is as they are."""
    key = _key(version)
    if key is None:
        return None, None
    listed = _versions()
    if key in listed:
        return listed[key]
    line = sorted(other for other in listed if other[:2] == key[:2])
    below = [other for other in line if other < key]
    above = [other for other in line if other > key]
    if below and above and listed[below[-1]] == listed[above[0]]:
        return listed[above[0]]
    return None, None


def _key(version: str) -> tuple[int, int, int] | None:
    match = _RELEASE.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


@cache
def _versions() -> dict[tuple[int, int, int], tuple[str | None, str | None]]:
    heads: dict[str, list[str | None]] = _load("versions.json")
    return {key: (head[0], head[1]) for v, head in heads.items() if (key := _key(v))}


def _load(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
