"""Everything that leaves the provider or is kept by AWS, as text, and every secret that is made.

It outlives what it is about: log groups, stacks, databases. The tests search the one for the other
(tests/support/local_aws/leaks.py). Two files in the state folder hold it, one JSON list a line.
"""

import json
import threading
from pathlib import Path
from typing import Any

JOURNAL_FILE = "journal.jsonl"
"""Lines of [source, text]."""
SECRETS_FILE = "secrets-made.jsonl"
"""Lines of [where it was made, value]."""


class _Journal:
    """The two files; nothing is kept before `open_in`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def open(self, folder: Path) -> None:
        self._folder = folder
        for name in (JOURNAL_FILE, SECRETS_FILE):
            (folder / name).touch(mode=0o600)

    def add(self, file: str, first: str, second: str) -> None:
        if self._folder is None or not second:
            return
        line = json.dumps([first, second]) + "\n"
        with self._lock, (self._folder / file).open("a") as opened:
            opened.write(line)


_journal = _Journal()


def note(source: str, text: str) -> None:
    """Keep `text`, which `source` has let out or left with AWS."""
    _journal.add(JOURNAL_FILE, source, text)


def secret(where: str, value: Any) -> None:
    """Keep a secret value that was made or set `where`."""
    _journal.add(SECRETS_FILE, where, value if isinstance(value, str) else "")


def open_in(state: Path) -> None:
    """Keep the journal in the folder `state` from now on."""
    _journal.open(state)
