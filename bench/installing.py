"""All that `make demo` installs: by uv for the first time and again, and by pip beside it."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.artifact import PLACE
from bench.table import Row, Section
from local.environments import ROOT
from local.install import disk

SECONDS = 90

_WANTED = "from local import environments; environments.prepare(sam=True)"
# What would lead to a cache outside the folder, whose files are there already.
_CACHES = {"UV_CACHE_DIR", "PIP_CACHE_DIR"}


@dataclass(frozen=True)
class Installation:
    """How long it took, for how much of the processors, and what it left on the disk."""

    seconds: float
    processor: float
    bytes_taken: int

    def told(self) -> str:
        return f"{self.seconds:.0f} s (processor {self.processor:.0f})"


def measure() -> Section:
    """Install into folders of their own, which go at the end."""
    try:
        first, again = _by_uv(PLACE / "by-uv")
        pip = _by_pip(PLACE / "by-pip")
    finally:
        for name in ("by-uv", "by-pip"):
            shutil.rmtree(PLACE / name, ignore_errors=True)
    size = disk.told(first.bytes_taken)
    return Section(
        "Installing",
        [
            Row(
                "all that make demo installs, first time",
                f"{SECONDS} s",
                first.told(),
                f"{pip.told()} (pip, from the same lock files)",
                first.seconds <= SECONDS,
            ),
            Row("the same again, from the cache", "", again.told(), ""),
            Row("disk", "", f"{size}, the cache included", f"{disk.told(pip.bytes_taken)} (pip)"),
        ],
        [
            "The project's environment, the emulator's, the SAM CLI's and one of MLflow; uv or pip "
            "itself is got first, and counts.",
            "pip compiles every file at once; with uv Python compiles what is imported, later.",
        ],
    )


def _by_uv(folder: Path) -> tuple[Installation, Installation]:
    _copy(folder)
    first = _install(folder, {})
    shutil.rmtree(folder / ".venv")
    shutil.rmtree(folder / ".local" / "environments")
    return first, _install(folder, {})


def _by_pip(folder: Path) -> Installation:
    _copy(folder)
    refused = folder / "no-uv.txt"
    refused.write_text("uv==0\n")
    return _install(folder, {"PIP_CONSTRAINT": str(refused)})


def _copy(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "local", folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", folder)


def _install(folder: Path, variables: Mapping[str, str]) -> Installation:
    env = {name: value for name, value in os.environ.items() if name not in _CACHES}
    env |= variables
    began, before = time.monotonic(), _processor()
    project = [sys.executable, "-m", "local.environments"]
    rest = [str(folder / ".venv" / "bin" / "python"), "-c", _WANTED]
    for argv in (project, rest):
        subprocess.run(argv, cwd=folder, env=env, check=True)
    seconds, processor = time.monotonic() - began, _processor() - before
    return Installation(seconds, processor, disk.size([folder / ".venv", folder / ".local"]))


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
