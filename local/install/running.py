"""Which processes of this machine run on programs of certain folders."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PROC = Path("/proc")

_SHOWN = 80


def programs_below(folders: Sequence[Path]) -> Iterator[tuple[int, str]]:
    """Give each other process whose program is in one of the folders, with its name and words."""
    marks = [folder.resolve() for folder in folders]
    for entry in PROC.iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            program = _program(entry, os.fsdecode(words[0]))
        except OSError:
            continue  # It ended meanwhile, or belongs to somebody else.
        if any(program.is_relative_to(mark) for mark in marks):
            told = [program.name, *map(os.fsdecode, words[1:])]
            yield int(entry.name), " ".join(told)[:_SHOWN]


def _program(entry: Path, word: str) -> Path:
    """Return where a process found its program; a Python of an environment is a link there."""
    if "/" not in word:
        word = shutil.which(word, path=_environment(entry).get("PATH", "")) or word
    named = (entry / "cwd").readlink() / word
    return named.parent.resolve() / named.name


def _environment(entry: Path) -> Mapping[str, str]:
    pairs = ((entry / "environ").read_bytes()).split(b"\0")
    return {name: value for name, _, value in (os.fsdecode(pair).partition("=") for pair in pairs)}
