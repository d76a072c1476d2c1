"""The first hour of whoever meets the project: the README's commands, timed in a fresh clone.

python -m bench.first_hour                   what stands now (half an hour on an idle machine)
python -m bench.first_hour HEAD demo unit    of it what is named alone
python -m bench.first_hour COMMIT demo ...   an earlier commit beside it, and what to type there

Every command runs with an empty home, one after the other, as a new user would type them.
`make bench` shows what was noted last.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import memory, noted
from bench.artifact import PLACE
from bench.table import Row, Section
from local.environments import ROOT
from local.install import disk

COMMANDS = (
    ("make demo, the first time", "demo", 240),
    ("make demo again", "demo", 75),
    ("make unit", "unit", 120),
    ("make test", "test", 1200),
)
"""A name, what is typed, and its budget in seconds."""

DISK = "disk, all installed"
LARGEST = "memory of a local AWS during make test, at most"
NOTES = (
    "A fresh clone with an empty home. `make test` finds the installs of `make demo` made.",
    f"{memory.HOUR}: stack after stack is made, used by a client, changed, searched for passwords "
    "and deleted on one local AWS.",
)


class CommandFailedError(Exception):
    """A command did not end well: what it took is no result."""


def section() -> Section:
    """Return what was noted last, beside what was noted of an earlier commit."""
    now, before = noted.read(noted.NOW), noted.read(noted.BEFORE)

    def row(what: str, limit: float | None, told: Callable[[float], str]) -> Row:
        def cell(values: Mapping[str, float]) -> str:
            return told(values[what]) if what in values else "not measured"

        held = now.values[what] <= limit if limit is not None and what in now.values else None
        budget = told(limit) if limit is not None else ""
        return Row(what, budget, cell(now.values), f"{cell(before.values)} ({before.commit})", held)

    rows = [row(what, budget, "{:.0f} s".format) for what, _, budget in COMMANDS]
    rows.append(row(DISK, None, lambda value: disk.told(round(value))))
    for what in (LARGEST, memory.HOUR):
        rows.append(row(what, memory.BUDGET_MEGABYTES, "{:.0f} MB".format))
    told = [f"{found.commit} on {found.day}: {found.machine}." for found in (now, before)]
    return Section("The first hour", rows, [*told, *NOTES])


def main(arguments: Sequence[str]) -> int:
    """Clone, type each command, and note what it took."""
    commit, targets = (arguments or ["HEAD"])[0], set(arguments[1:])
    commands = [wanted for wanted in COMMANDS if not targets or wanted[1] in targets]
    clone = _clone(commit)
    values: dict[str, float] = {}
    with _watched() as largest:
        for what, target, _ in commands:
            values[what] = _seconds(clone, target)
            print(f"{what}: {values[what]:.0f} s", flush=True)
    values[DISK] = disk.size([clone / ".venv", clone / ".local"])
    if not targets or "test" in targets:
        values[LARGEST] = max(largest, default=0)
    noted.note(noted.NOW if commit == "HEAD" else noted.BEFORE, values, commit=commit)
    shutil.rmtree(clone)
    return 0


def _clone(commit: str) -> Path:
    clone = PLACE / "first-hour"
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    subprocess.run(["git", "checkout", "--quiet", commit], cwd=clone, check=True)
    return clone


def _seconds(clone: Path, target: str) -> float:
    home = clone / ".local" / "home"
    home.mkdir(parents=True, exist_ok=True)
    log = clone / ".local" / f"make-{target}.log"
    began = time.monotonic()
    with log.open("ab") as out:
        done = subprocess.run(
            ["make", target],
            cwd=clone,
            env={**os.environ, "HOME": str(home), "CI": "true"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            check=False,
        )
    if done.returncode:
        raise CommandFailedError(f"make {target} ended with {done.returncode}: see {log}")
    return time.monotonic() - began


@contextmanager
def _watched() -> Iterator[list[float]]:
    """Look at every local AWS of this machine, and give what each look found, in megabytes."""
    found: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(2):
            found.extend(memory.of_every_local_aws())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
