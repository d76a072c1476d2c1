"""What an installation tells while it runs: what, how far, how long, and what it takes on disk."""

import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from local.install import disk

Say = Callable[[str], None]

_EVERY_SECONDS = 2.0
# What uv prints where it draws no bars.
_BEGUN = re.compile(r"Downloading (\S+) \((.+)\)")
_LOADED = re.compile(r"\s*Downloaded (\S+)")
_PREPARED = re.compile(r"Prepared \d+ packages?")
# What pip prints, a line for each package.
_COLLECTING = re.compile(r"Collecting (\S+)")
_INSTALLING = re.compile(r"Installing collected packages")


def to_terminal(text: str) -> None:
    """Print `text` at once, on standard error: standard output belongs to the command."""
    print(text, file=sys.stderr, flush=True)


class Progress:
    """How far several environments are that are made side by side."""

    def __init__(self, total: int, say: Say) -> None:
        self.say = say
        self._total = total
        self._done = 0
        self._guard = threading.Lock()

    def begin(self, title: str, packages: int) -> "Steps":
        """Tell that an environment is begun."""
        self.say(f"Installing {title}: {packages} packages")
        return Steps(title, packages, self.say)

    def ready(self, steps: "Steps", place: Path) -> None:
        """Tell that an environment is ready."""
        with self._guard:
            self._done += 1
            done = self._done
        size = disk.told(disk.size([place]))
        counted = f"[{done} of {self._total}] " if self._total > 1 else ""
        self.say(
            f"{counted}{steps.title} is ready: {steps.packages} packages, {steps.seconds}, {size}"
        )


class Steps:
    """What is known of one environment that is being made."""

    def __init__(self, title: str, packages: int, say: Say) -> None:
        self.title = title
        self.packages = packages
        self._say = say
        self._began = self._told = time.monotonic()
        self._large: dict[str, str] = {}
        self._loaded = 0
        self._collected = 0

    @property
    def seconds(self) -> str:
        """How long it has taken so far."""
        return f"{time.monotonic() - self._began:.0f} s"

    def heard(self, line: str) -> None:
        """Take a line of uv's or pip's, and tell what it means for the whole."""
        if begun := _BEGUN.match(line):
            self._large[begun[1]] = begun[2]
        elif _LOADED.match(line):
            self._loaded += 1
            self._tell(f"{self._loaded} of {len(self._large)} large packages downloaded")
        elif _PREPARED.match(line) or _INSTALLING.match(line):
            self._tell("all packages are here, putting them in place", now=True)
        elif collecting := _COLLECTING.match(line):
            self._collected += 1
            self._tell(f"{self._collected} of {self.packages} packages, {collecting[1]}")

    def _tell(self, text: str, *, now: bool = False) -> None:
        if now or time.monotonic() - self._told >= _EVERY_SECONDS:
            self._told = time.monotonic()
            self._say(f"  {self.title}: {text}, {self.seconds}")
