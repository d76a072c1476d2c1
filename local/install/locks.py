"""Lock files: the pins of a requirements file with the hashes of every file that may be installed.

`NAME.lock` stands beside `NAME.txt`, which a person reads and changes; uv writes it
(tools/make_locks.py). One lock file serves every Python from 3.11 to 3.14.

`sam build` knows no name but requirements.txt. So `functions/requirements.txt` is a lock file, too,
and a person changes `functions/requirements.in`.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.install.processes import EnvironmentFailedError, Processes
from local.install.tools import Tools

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_INCLUDED = re.compile(r"^-r (\S+)", re.MULTILINE)
_REQUIRE_HASHES = "--require-hashes\n"


def beside(requirements: Path) -> Path:
    """Return the lock file of a requirements file."""
    return requirements.with_suffix(".txt" if requirements.suffix == ".in" else ".lock")


def pins(requirements: Path) -> dict[str, str]:
    """Return what a requirements or lock file pins, with the files it includes: name -> version."""
    text = requirements.read_text()
    found = {_normal(name): version for name, version in _PIN.findall(text)}
    for included in _INCLUDED.findall(text):
        found |= pins(requirements.parent / included)
    return found


def agree(requirements: Path) -> bool:
    """Whether the lock file is there and pins what the requirements file does."""
    lock = beside(requirements)
    return lock.exists() and pins(lock) == pins(requirements)


@dataclass(frozen=True)
class Compiler:
    """Writes lock files and pins by uv."""

    tools: Tools
    held: int

    def lock(self, requirements: Path) -> None:
        """Write the lock file of a requirements file that pins all it needs.

        Raises EnvironmentFailedError if it lacks a package that some Python needs.
        """
        pinned = pins(requirements)
        for python in PYTHONS:
            for platform in PLATFORMS:
                lacking = sorted(self._resolved(requirements, python, platform).keys() - pinned)
                if lacking:
                    raise EnvironmentFailedError(
                        f"{requirements} lacks {', '.join(lacking)}, which it needs on Python "
                        f"{python}. Pin {'them' if len(lacking) > 1 else 'it'} there."
                    )
        self.hash(requirements)

    def pin(self, wanted: str, target: Path) -> None:
        """Write to `target` the pins of all that the requirements `wanted` need on this Python.

        Raises EnvironmentFailedError with uv's reason.
        """
        asked = target.with_suffix(".in")
        asked.write_text(wanted)
        try:
            self._compile(asked, target, ["--python", sys.executable])
        finally:
            asked.unlink()

    def hash(self, requirements: Path) -> None:
        """Write the lock file of a requirements file: its pins, and hashes."""
        target = beside(requirements)
        staged = target.with_name(f"{target.name}.new")
        options = ["--no-deps", "--generate-hashes", "--universal", "--python-version", PYTHONS[0]]
        self._compile(requirements, staged, options)
        if target.suffix == ".txt":
            # Other programs install from it: without this line, uv takes what has no hash, too.
            staged.write_text(_REQUIRE_HASHES + staged.read_text())
        staged.rename(target)

    def _resolved(self, requirements: Path, python: str, platform: str) -> Mapping[str, str]:
        found = beside(requirements).with_suffix(f".{python}.resolved")
        options = ["--only-binary", ":all:", "--python-version", python]
        try:
            self._compile(requirements, found, [*options, "--python-platform", platform])
            return pins(found)
        finally:
            found.unlink(missing_ok=True)

    def _compile(self, requirements: Path, target: Path, options: list[str]) -> None:
        uv = self.tools.uv()
        if uv is None:
            raise EnvironmentFailedError(
                "Lock files are written by uv, which is not to be had here."
            )
        argv = [str(uv), "pip", "compile", "--quiet", "--no-annotate", "--upgrade"]
        argv += ["--custom-compile-command", "make locks", "--output-file", str(target), *options]
        env = self.tools.uv_environment()
        for further in ("UV_INDEX", "UV_FIND_LINKS"):
            # An index that has some files of a release would leave out the hashes of the others.
            env.pop(further, None)
        Processes().run([*argv, str(requirements)], env=env, held=self.held)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
