"""The search of all that got out for every secret that was made, in all its disguises."""

import base64
import html
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from local.aws import LocalAws

SHORTEST = 8
"""A shorter text is no secret worth the name, and would be found anywhere."""
_PLAIN_KEYS = {
    "admin_username",
    "database",
    "dbclusteridentifier",
    "dbname",
    "engine",
    "host",
    "masterarn",
    "pgdatabase",
    "pghost",
    "pgport",
    "pgsslmode",
    "pguser",
    "port",
    "user",
    "username",
}
"""What the JSON of a secret holds besides what is secret."""
_SHOWN = 30


@dataclass(frozen=True)
class Leak:
    """A secret that was found: what it is, in which form, where; never its value."""

    secret: str
    form: str
    source: str
    before: str
    """What stands before it."""


def check(aws: LocalAws) -> None:
    """Fail if anything in the journal of `aws` holds a secret that was made there."""
    found = list(find(aws.journal(), aws.secrets_made()))
    lines = [f"{leak.secret}, {leak.form}, in {leak.source}: {leak.before}***" for leak in found]
    assert not found, f"{len(found)} secrets got out:\n" + "\n".join(sorted(set(lines))[:40])


def find(journal: Iterable[tuple[str, str]], secrets: Iterable[tuple[str, str]]) -> Iterator[Leak]:
    """Give each place in the journal where a secret stands in any form."""
    wanted = _wanted(secrets)
    for source, text in journal:
        for start in range(len(text) - SHORTEST + 1):
            for form, whole, name in wanted.get(text[start : start + SHORTEST], ()):
                if text.startswith(whole, start):
                    yield Leak(name, form, source, text[max(0, start - _SHOWN) : start])


def forms(secret: str) -> dict[str, str]:
    """Return the texts by which `secret` would be known, by the name of each form."""
    escaped = json.dumps(secret)[1:-1]
    found = {
        "raw": secret,
        "JSON": escaped,
        "JSON, all characters": json.dumps(secret, ensure_ascii=False)[1:-1],
        "JSON in JSON": json.dumps(escaped)[1:-1],
        "repr": repr(secret)[1:-1],
        "SQL": secret.replace("'", "''"),
        "HTML": html.escape(secret),
        "URL": quote(secret),
        "URL, with slashes": quote(secret, safe=""),
        "URL, form": quote_plus(secret),
    }
    for offset in range(3):
        core = _base64_core(secret.encode(), offset)
        found[f"base64, offset {offset}"] = core
        found[f"base64 for URLs, offset {offset}"] = core.replace("+", "-").replace("/", "_")
    return found


def _base64_core(secret: bytes, offset: int) -> str:
    """Return what stays of base64 when `offset` bytes (modulo 3) and any others stand around."""
    encoded = base64.b64encode(bytes(offset) + secret).decode()
    first = {0: 0, 1: 2, 2: 3}[offset]
    last = {0: 0, 1: 3, 2: 2}[(offset + len(secret)) % 3]
    return encoded[first : len(encoded) - last]


def _wanted(secrets: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str, str]]]:
    """Return all forms of all secrets by their first characters: (form, text, what it is)."""
    names = {text: where for where, value in secrets for text in _secret_texts(value)}
    found: dict[str, dict[str, tuple[str, str, str]]] = {}
    for text, where in names.items():
        for form, whole in forms(text).items():
            found.setdefault(whole[:SHORTEST], {}).setdefault(whole, (form, whole, where))
    return {start: list(texts.values()) for start, texts in found.items()}


def _secret_texts(value: str) -> set[str]:
    """Return what is secret in the value of a secret: of JSON the texts in it, but plain ones."""
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    texts = _leaves(parsed if isinstance(parsed, (dict, list)) else value)
    return {text for text in texts if len(text) >= SHORTEST}


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if str(name).lower() not in _PLAIN_KEYS:
                yield from _leaves(one)
