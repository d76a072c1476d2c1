"""Child processes of the local AWS: started in a group of their own, never left behind.

A guardian process (local/launch/guardian.py) kills them all when the emulator dies, SIGKILL
included. It knows those that `spawn` has started, and all that carry `environment_mark()`, whoever
started them.
"""

import os
import pwd
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from local.launch import guardian

MARKER = "LOCAL_AWS_RUN"
"""Environment variable that every child carries; its value is new in each run."""


class _Guardian:
    """The guardian process of this emulator, started at first use."""

    def __init__(self) -> None:
        self.run = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def record(self, pid: int) -> None:
        started = guardian.start_time(pid)
        if started is None:
            return
        with self._lock:
            pipe = self._started().stdin
            if pipe is None:
                raise RuntimeError("The guardian has no standard input.")
            pipe.write(f"{pid} {started}\n")
            pipe.flush()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            # Its input closes when we die, whatever the cause: that is the whole signal.
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-IS",
                    guardian.__file__,
                    f"{MARKER}={self.run}",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                text=True,
                start_new_session=True,
            )
        return self._process

    def start(self) -> None:
        with self._lock:
            self._started()


_guardian = _Guardian()


class Child(Protocol):
    """A process that leads a group, and whose end somebody has to fetch."""

    @property
    def pid(self) -> int:
        """Its id, which no other process gets before `reap`."""

    def wait_for_end(self) -> None:
        """Wait until it has ended, without fetching that."""

    def reap(self) -> int:
        """Fetch how it ended: its status, or minus the number of the signal."""


class OwnChild:
    """A child of this very process."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.pid = child.pid
        self._child = child

    def wait_for_end(self) -> None:
        """Wait until it has ended, without fetching that."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def reap(self) -> int:
        """Fetch how it ended."""
        return self._child.wait()


class Process:
    """A running child and its process group, which ends with it.

    `exit_code` is None while it runs, then its status, or minus the number of the signal.
    """

    def __init__(self, child: Child) -> None:
        self.pid = child.pid
        self._child = child
        self._exit_code: int | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._reap, name=f"reap-{child.pid}", daemon=True).start()

    def _reap(self) -> None:
        # Not reaped yet: the id cannot be given to a stranger before its group is killed.
        self._child.wait_for_end()
        with self._lock:
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            self._exit_code = self._child.reap()
        self._ended.set()

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._exit_code if self._ended.is_set() else None

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait for its end, at most `seconds`; return `exit_code`."""
        self._ended.wait(seconds)
        return self.exit_code

    def send_signal(self, number: int) -> None:
        """Send signal `number` to the whole group; nothing if it has ended."""
        with self._lock:
            if self._exit_code is None:
                os.killpg(self.pid, number)

    def stop(self, seconds: float, number: int = signal.SIGTERM) -> int | None:
        """Send `number`, wait at most `seconds`, then SIGKILL; return `exit_code`."""
        self.send_signal(number)
        if self.wait(seconds) is None:
            self.send_signal(signal.SIGKILL)
            self.wait(10)
        return self.exit_code


def start_guardian() -> None:
    """Start the guardian before anything else is started; harmless when it runs already."""
    _guardian.start()


def environment_mark() -> dict[str, str]:
    """Return the variable by which the guardian knows children that were not recorded."""
    return {MARKER: _guardian.run}


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    user: str | None = None,
) -> Process:
    """Start `argv` in its own session, with exactly `env`, output and errors appended to `log`.

    `user` is the account it runs as (only root may name one); it keeps the right to pass through
    folders that are root's alone, such as a home folder. Raises OSError when it cannot start.
    """
    start_guardian()
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*_as_user(user), *argv],
            env={**env, **environment_mark()},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return watch(OwnChild(child))


def watch(child: Child) -> Process:
    """Let the guardian know a child that leads a group of its own."""
    start_guardian()
    _guardian.record(child.pid)
    return Process(child)


def _as_user(user: str | None) -> list[str]:
    if user is None:
        return []
    account = pwd.getpwnam(user)
    return [
        "/usr/bin/setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        # access(2), by which PostgreSQL looks for its own files, would forget them otherwise.
        "--securebits=+no_setuid_fixup",
        "--",
    ]
