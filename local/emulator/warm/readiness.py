"""What a warm parent has loaded, and whether a container would have loaded the same."""

import importlib
import json
import os
import re
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator.warm import anew, titles
from local.emulator.warm.order import Order

_AT_START = (
    "ARROW_", "GLIBC_", "GOTO_", "LANG", "LC_", "LD_", "MALLOC_", "MKL_", "OMP_", "OPENBLAS_",
    "OPENSSL_", "PYTHON", "TZ", "VIRTUAL_ENV", "_PYTHON",
)  # fmt: skip
"""How variables begin that the interpreter or a library in C reads before any module does."""


_SETS = re.compile(
    r"""^\s*os\.environ\[(?P<quote>['"])(?P<name>\w+)(?P=quote)\]\s*="""
    r"""\s*(?P<mark>['"])(?P<value>[^'"]*)(?P=mark)\s*$""",
    re.MULTILINE,
)


class NotReadyError(RuntimeError):
    """The warm parent would not be what a container is."""


@dataclass(frozen=True)
class Readiness:
    """What was loaded, and what that rests on."""

    modules: Sequence[str]
    needs: Mapping[str, Sequence[str]]
    read: Mapping[str, str | None]
    """Every variable that a module has read when it was imported, with its value."""
    added: Mapping[str, str]
    """Variables that the interpreter itself has set."""
    homes: Sequence[anew.Place]
    path: Sequence[str]

    def differing(self, wanted: Order) -> list[str]:
        """Return the variables for which a program's imports might do something else.

        What a text for `python -c` sets itself, it sets before its imports; `check` sees to that.
        """
        env = wanted.env
        at_start = {
            name
            for name, value in env.items()
            if name.startswith(_AT_START) and self.added.get(name) != value
        }
        code = wanted.argv[2] if wanted.argv[1:2] == ["-c"] else ""
        set_by_itself = {found["name"]: found["value"] for found in _SETS.finditer(code)}
        return sorted(at_start | self._other_than(env | set_by_itself))

    def check(self) -> None:
        """Raise ImportError if the first import would find another environment than ours did."""
        other = self._other_than(dict(os.environ))
        if other:
            raise ImportError(
                f"The program has changed {', '.join(sorted(other))} before its first import, and "
                "its warm parent could not know: see local/emulator/warm/readiness.py"
            )

    def _other_than(self, env: Mapping[str, str]) -> set[str]:
        seen = {**self.added, **env}
        return {name for name, value in self.read.items() if seen.get(name) != value} - {"HOME"}


def make_ready(plan: Path, given: Mapping[str, str]) -> Readiness:
    """Import what the plan says; `given` are the variables that this process was started with.

    Raises NotReadyError if more than that came along, or threads run; anew.UnreachableError.
    """
    found = json.loads(plan.read_text())
    before = set(sys.modules)
    read = _load(found["modules"])
    _check(found["modules"], set(sys.modules) - before)
    return Readiness(
        modules=found["modules"],
        needs=found["needs"],
        read=read,
        added={
            name: value
            for name, value in os.environ.items()
            if name not in {*given, titles.ROOM_VARIABLE}
        },
        homes=anew.places_of_home(),
        # Without the folder that -m has put first, and without that of this package.
        path=[one for one in sys.path[1:] if one != given["PYTHONPATH"]],
    )


def _load(modules: list[str]) -> dict[str, str | None]:
    """Import the modules; return the variables that they read."""
    read: dict[str, str | None] = {}
    kind: Any = type(os.environ)
    get = kind.__getitem__

    def reading(environ: Any, name: str) -> Any:
        try:
            read[name] = get(environ, name)
        except KeyError:
            read[name] = None
            raise
        return read[name]

    kind.__getitem__ = reading
    try:
        for name in modules:
            importlib.import_module(name)
    finally:
        kind.__getitem__ = get
    return read


def _check(modules: list[str], loaded: set[str]) -> None:
    named = {name for name in loaded if getattr(sys.modules[name], "__spec__", None) is not None}
    third = {name for name in named if name.partition(".")[0] not in sys.stdlib_module_names}
    extra = third - {*modules, "__mp_main__"}
    if extra:
        raise NotReadyError(f"modules that depend on the container came along: {sorted(extra)}")
    if threading.active_count() > 1:
        raise NotReadyError(f"threads run: {threading.enumerate()}")


def given() -> dict[str, str]:
    """Return the variables that this process was started with, as the kernel shows them."""
    words = Path("/proc/self/environ").read_bytes().split(b"\0")
    pairs = (os.fsdecode(word).partition("=") for word in words if word)
    return {name: value for name, _, value in pairs if name != titles.ROOM_VARIABLE}
