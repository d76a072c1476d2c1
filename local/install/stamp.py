"""What an environment was made of, written last: without it, the environment is not there.

And the lock that one process holds while it makes an environment that others want, too.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.install import disk
from local.install.progress import Say

BASE_PYTHON: str = getattr(sys, "_base_executable", None) or sys.executable
"""The interpreter behind this one: an environment in which this process runs may be made anew."""

FILE = "made-of"
BEGUN_FILE = "begun"
# What says that this project made an environment, or was about to; the last two from earlier on.
_OURS = (FILE, BEGUN_FILE, "installed.lock", ".ready")


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


def begin(place: Path) -> None:
    """Say that what will be at `place` is ours, before anything is there."""
    place.mkdir(parents=True, exist_ok=True)
    (place / BEGUN_FILE).touch()


def is_foreign(place: Path) -> bool:
    """Whether something is at `place` that was not made by this project."""
    if not place.is_dir():
        return place.exists()
    return any(place.iterdir()) and not any((place / name).exists() for name in _OURS)


def remove(place: Path) -> None:
    """Remove the environment; its stamp goes first, so that nobody takes the rest for whole.

    Of a link the folder stays that it leads to, empty.
    """
    (place / FILE).unlink(missing_ok=True)
    if place.is_symlink():
        disk.empty(place)
    elif place.exists():
        shutil.rmtree(place)


@contextmanager
def alone(place: Path, title: str, say: Say) -> Iterator[int]:
    """Hold the lock of the environment at `place`; give its file, for what is started meanwhile."""
    file = place.with_name(f"{place.name}.lock")
    with _locked(lambda: _opened_file(file), file, f"installing {title}", say) as descriptor:
        yield descriptor


@contextmanager
def alone_in(folder: Path, doing: str, say: Say) -> Iterator[None]:
    """Hold the lock of a folder, made if it is not there; `doing` is what others hold it for."""
    with _locked(lambda: _opened_folder(folder), folder, doing, say):
        yield


def try_alone(place: Path) -> int | None:
    """Return the open file or folder at `place` with its lock; None if another holds it."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _opened_file(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)


def _opened_folder(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder, os.O_RDONLY)


@contextmanager
def _locked(opened: Callable[[], int], place: Path, doing: str, say: Say) -> Iterator[int]:
    descriptor = opened()
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"Another process is {doing}; waiting for it")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(place, descriptor):
                break
            # Removed meanwhile (`make clean`): whoever comes next locks a new one.
            os.close(descriptor)
            descriptor = opened()
        yield descriptor
    finally:
        os.close(descriptor)


def _is_at(place: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(place.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
