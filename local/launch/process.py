"""The emulator's process: begun, found again by its id, and ended with all that it started."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.install.tools import ROOT
from local.launch import guardian

# A machine that is busy with other things takes a multiple of the seconds that each of them takes.
START_SECONDS = 300
_STOP_SECONDS = 120

SETTINGS_FILE = "settings.json"

Emulator = subprocess.Popen[bytes]


def begin(python: Path, state: Path, log: Path, *, owned: bool) -> Emulator:
    """Start the emulator with the settings in its folder; `owned` ends it with this process."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [str(python), "-m", "local.emulator.main", str(state / SETTINGS_FILE)],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            cwd=state,
            stdin=subprocess.PIPE if owned else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def is_emulator(pid: int, state: Path) -> bool:
    """Whether process `pid` is the emulator of this folder, and no stranger with its id."""
    try:
        words = (guardian.PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(state / SETTINGS_FILE).encode() in words


def has_ended(pid: int) -> bool:
    """Whether process `pid` is gone; a zombie, whose parent does not fetch it, holds nothing."""
    try:
        state = (guardian.PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    return state in {"Z", "X"}


def end(pid: int, child: Emulator | None) -> None:
    """End process `pid` and return when it is gone; `child` is the same one, if started here."""
    os.kill(pid, signal.SIGTERM)
    for _ in every(0.02, _STOP_SECONDS):
        if child is not None:
            child.poll()
        if has_ended(pid):
            return
    os.kill(pid, signal.SIGKILL)
    if child is not None:
        child.wait()


def wait_for_the_guardian(mark: Mapping[str, str]) -> None:
    """Wait until the guardian has ended all that carries the mark of this run."""
    wanted = "".join(f"{name}={value}" for name, value in mark.items()).encode()
    for _ in every(0.02, _STOP_SECONDS):
        if not guardian.marked(wanted):
            return


def every(wait: float, seconds: float) -> Iterator[None]:
    """Give a turn at once and then each `wait` seconds, until `seconds` have passed."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
        time.sleep(wait)
