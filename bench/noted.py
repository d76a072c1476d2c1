"""What takes too long for `make bench`: measured by a command of its own, and kept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.table import machine
from local.environments import ROOT

PLACE = Path(__file__).with_name("first_hour.json")
BEFORE, NOW = "before", "now"


@dataclass(frozen=True)
class Noted:
    """Measurements by name, and the commit, day and machine of the last of them."""

    commit: str
    day: str
    machine: str
    values: dict[str, float]


def read(which: str) -> Noted:
    """Return what was measured `before` or `now`."""
    return _all()[which]


def note(which: str, values: Mapping[str, float], *, commit: str = "HEAD") -> None:
    """Keep measurements, beside those that were made earlier under other names."""
    known = _all()
    earlier = known[which].values if which in known else {}
    known[which] = Noted(
        _exact(commit), f"{datetime.now(UTC):%Y-%m-%d}", machine(), {**earlier, **values}
    )
    written = {name: asdict(found) for name, found in known.items()}
    PLACE.write_text(json.dumps(written, indent=2) + "\n")


def _all() -> dict[str, Noted]:
    found = json.loads(PLACE.read_text()) if PLACE.exists() else {}
    return {name: Noted(**values) for name, values in found.items()}


def _exact(commit: str) -> str:
    command = ["git", "rev-parse", "--short=10", commit]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
