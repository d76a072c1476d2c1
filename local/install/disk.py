"""How much of the disk folders take, and how one is emptied.

A file that several folders share counts once.
"""

import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

_BLOCK = 512


def size(folders: Iterable[Path]) -> int:
    """Return the bytes on disk of all that is in the folders."""
    seen: set[tuple[int, int]] = set()
    return sum(_below(folder, seen) for folder in folders)


def told(number: int) -> str:
    """Return `number` bytes for people: 142 MB, or 1.3 GB."""
    megabytes = number / 1_000_000
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def empty(folder: Path, *, keep: Collection[str] = ()) -> None:
    """Remove all that is in a folder but what is to be kept there; links are not followed."""
    for entry in folder.iterdir():
        if entry.name in keep:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _below(folder: Path, seen: set[tuple[int, int]]) -> int:
    total = 0
    for path, _, files in os.walk(folder):
        for name in (".", *files):
            try:
                found = os.lstat(f"{path}/{name}")
            except OSError:
                continue  # Removed by its owner meanwhile.
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                total += found.st_blocks * _BLOCK
    return total
