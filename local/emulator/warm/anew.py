"""What a copied process makes anew, because each process that starts from nothing has its own."""

import gc
import multiprocessing.process
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from types import FrameType
from typing import Any

HOME = "/home-of-a-container-that-is-not-known-yet"
"""The home folder while modules are imported: where one keeps it, the container's own is put."""

PYTHON_IGNORES = {signal.SIGPIPE, signal.SIGXFSZ}

Place = tuple[dict[Any, Any], Any]
"""A dictionary, and the key under which it keeps the home folder."""


class UnreachableError(RuntimeError):
    """The home folder is kept where it cannot be replaced."""


def places_of_home() -> list[Place]:
    """Return where modules keep the home folder. Raises UnreachableError."""
    gc.collect()
    holders = [
        holder
        for holder in gc.get_objects()
        if not isinstance(holder, PurePath | FrameType)
        and any(_has_home(held) for held in gc.get_referents(holder))
    ]
    found: list[Place] = []
    for holder in holders:
        if isinstance(holder, list) and _of_paths(holder):
            continue
        kept: dict[Any, Any] = holder if isinstance(holder, dict) else vars(holder)
        keys = [key for key, held in kept.items() if _has_home(held)]
        if not keys:
            raise UnreachableError(f"a {type(holder).__name__} keeps the home folder")
        found += [(kept, key) for key in keys if kept is not globals()]
    return found


def _of_paths(holder: list[Any]) -> bool:
    """Whether a list belongs to paths alone, which keep their parts in one."""
    owners = [one for one in gc.get_referrers(holder) if not isinstance(one, FrameType | list)]
    return all(isinstance(one, PurePath) for one in owners)


def _has_home(held: object) -> bool:
    if isinstance(held, PurePath):
        return HOME in str(held)
    return isinstance(held, str) and HOME in held


def make_anew(home: str, places: Iterable[Place], ignored: Sequence[int]) -> None:
    """Make anew what a program finds: home folder, folders, keys, random numbers, signals."""
    for holder, key in places:
        held = holder[key]
        replaced = str(held).replace(HOME, home)
        holder[key] = type(held)(replaced) if isinstance(held, PurePath) else replaced
    tempfile.tempdir = None
    process: Any = multiprocessing.process
    process.ORIGINAL_DIR = str(Path.cwd())
    main = process.current_process()
    main._config["authkey"] = process.AuthenticationString(os.urandom(32))
    # Python's own generator is seeded by the fork.
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    _reset_signals(ignored)


def _reset_signals(ignored: Sequence[int]) -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if number in ignored or number in PYTHON_IGNORES:
            signal.signal(number, signal.SIG_IGN)
        elif number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
        elif signal.getsignal(number) is not None:
            signal.signal(number, signal.SIG_DFL)
