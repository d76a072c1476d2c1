"""Ends everything the local AWS started, when the local AWS itself is gone.

Run as a script with one argument, the run's marker. Each line on standard input is
`<pid> <start time in clock ticks since boot>` of a process that leads a group. End of input means
that the emulator died, however it died: every recorded group whose leader is still the same process
is killed, then whatever carries the marker in its environment (children that left their group).
Linux only: it reads /proc. It imports nothing of the emulator, so that it starts in milliseconds.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")

_LOOKS = 200
"""So often it looks whether anything is left, with 50 ms between: a busy machine needs some."""


def start_time(pid: int) -> str | None:
    """Return when process `pid` started, in clock ticks since boot, or None if there is none."""
    try:
        return (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


def kill_recorded(records: list[str]) -> None:
    """Kill each recorded group whose leader is still the process that was recorded."""
    for record in records:
        pid, started = record.split()
        if start_time(int(pid)) != started:
            continue
        with suppress(OSError):
            os.killpg(int(pid), signal.SIGKILL)


def marked(marker: bytes) -> list[int]:
    """Return the ids of all other processes whose environment holds `marker`."""
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if marker in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def main() -> None:
    """Wait for the end of the emulator, then kill what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    records = sys.stdin.read().splitlines()
    kill_recorded(records)
    for _ in range(_LOOKS):
        left = marked(sys.argv[1].encode())
        if not left:
            return
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
