"""The folder of a local AWS: what stands in it, how it is made, and how it is emptied."""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from local.install import disk
from local.launch import process

# Written by the data plane (local/emulator/data_plane.py).
PROXY_FILE = "proxy"
NAMES_FILE = "names.json"
# Read by the data plane (local/emulator/containers/images.py).
IMAGES_FILE = "images.json"
# Written by the journal (local/emulator/core/journal.py).
JOURNAL_FILE = "journal.jsonl"
SECRETS_FILE = "secrets-made.jsonl"

_READY_FILE = "ready.json"
_OWNED = re.compile(r"run-(?P<pid>[0-9]+)-\w+")
"""The folder of a local AWS that dies with its owner, whose process id it names."""


def new(within: Path) -> Path:
    """Make a folder for a local AWS that dies with this process; remove those of dead owners."""
    within.mkdir(exist_ok=True)
    for left in within.iterdir():
        # Its owner was killed: what it owned died with it, but could not tidy up.
        owner = _OWNED.fullmatch(left.name)
        if owner and process.has_ended(int(owner["pid"])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=within))


def empty(state: Path, *, keep_logs: bool = False) -> None:
    """Empty the folder; `logs` in it is there, and empty unless kept."""
    state.mkdir(parents=True, exist_ok=True)
    disk.empty(state, keep=("logs",) if keep_logs else ())
    (state / "logs").mkdir(exist_ok=True)


def ready(state: Path) -> dict[str, Any] | None:
    """Return what the emulator wrote once it served: port, pid, mark; None before that."""
    try:
        found: dict[str, Any] = json.loads((state / _READY_FILE).read_text())
    except FileNotFoundError:
        return None
    return found


def add_image(state: Path, reference: str, programs: Path) -> None:
    """Write an image into the index that the emulator reads; a reader sees all of it or nothing."""
    index = state / IMAGES_FILE
    known = json.loads(index.read_text()) if index.exists() else {}
    written = index.with_suffix(".new")
    written.write_text(json.dumps({**known, reference: str(programs.absolute())}))
    written.rename(index)
