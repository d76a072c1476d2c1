"""What /proc shows of a process: its command line and its environment.

The kernel shows the memory in which they stood at the start. A copied process writes its own there;
the warm parent was started with room for them.
"""

import contextlib
import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOM = 96 * 1024
"""Bytes of room for each; Linux takes arguments and variables of up to 128 KiB."""
ROOM_VARIABLE = "WARM_PARENT_ROOM"

_PR_SET_MM = 35
_ARGUMENTS, _ENVIRONMENT = (8, 9), (10, 11)
"""Of prctl: which start and end are set."""


def set_titles(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Let /proc show this command line and this environment."""
    fields = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
    starts = [int(field) for field in fields[45:49]]
    _write(starts[0], starts[1], [os.fsencode(word) for word in argv], _ARGUMENTS)
    variables = [os.fsencode(f"{name}={value}") for name, value in env.items()]
    _write(starts[2], starts[3], variables, _ENVIRONMENT)


def _write(start: int, end: int, words: list[bytes], option: tuple[int, int]) -> None:
    text = b"".join(word + b"\0" for word in words)[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, text, len(text))
    # Only root may say where the end is; for others zeros follow, which readers take for nothing.
    with contextlib.suppress(OSError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_MM, option[1], ctypes.c_ulong(start + len(text)), 0, 0)
