"""What an environment was made of, written last: without it, the environment is not there.

And the lock that one process holds while it makes an environment that others want, too.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.install.progress import Say

FILE = "made-of"


def of_python() -> str:
    """Return what stands for this interpreter, from which environments are made."""
    return hashlib.sha256(f"{sys.base_prefix} {sys.version}".encode()).hexdigest()


def read(place: Path, name: str = FILE) -> str | None:
    """Return what the environment at `place` was made of; None if it is not whole."""
    try:
        return (place / name).read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(place: Path, made_of: str, name: str = FILE) -> None:
    """Say that the environment at `place` is whole."""
    staged = place / f"{name}.new"
    staged.write_text(made_of)
    staged.rename(place / name)


def remove(place: Path) -> None:
    """Remove the environment; its stamp goes first, so that nobody takes the rest for whole."""
    (place / FILE).unlink(missing_ok=True)
    if place.exists():
        shutil.rmtree(place)


@contextmanager
def alone(place: Path, title: str, say: Say) -> Iterator[int]:
    """Hold the lock of the environment at `place`; give its file, for what is started meanwhile."""
    place.parent.mkdir(parents=True, exist_ok=True)
    name = place.with_name(f"{place.name}.lock")
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
    with _locked(descriptor, f"installing {title}", say):
        yield descriptor


@contextmanager
def alone_in(folder: Path, doing: str, say: Say) -> Iterator[None]:
    """Hold the lock of a folder that is there; `doing` is what another holds it for."""
    with _locked(os.open(folder, os.O_RDONLY), doing, say):
        yield


@contextmanager
def _locked(descriptor: int, doing: str, say: Say) -> Iterator[None]:
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another process is {doing}; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
