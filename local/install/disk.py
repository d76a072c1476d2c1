"""How much of the disk folders take; a file that several of them share counts once."""

import os
from collections.abc import Iterable
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
