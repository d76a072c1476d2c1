"""Runs the programs that install, hands on what they print, and ends them together."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

Heard = Callable[[str], None]

_LAST_LINES = 15
# An environment that the caller is in must not lead venv, pip or uv astray.
_MISLEADING = {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"}


class EnvironmentFailedError(RuntimeError):
    """An environment could not be made; the text holds the last lines of what failed."""


def clean_environment() -> dict[str, str]:
    """Return this process's environment variables without those that name another Python."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}


class Processes:
    """The programs that run for one command; `end()` ends them, and no further one starts."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        held: int,
        heard: Heard = lambda _: None,
    ) -> None:
        """Run a program to its end and give each line that it prints to `heard`.

        The program inherits the file `held`, so that a lock on it lasts until the program has
        ended, even if this process is killed. Raises EnvironmentFailedError.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)
        with self._start(argv, env, held) as process:
            try:
                for line in process.stdout or ():
                    last.append(line.rstrip())
                    heard(line.rstrip())
            except BaseException:
                _end(process)
                raise
        with self._guard:
            self._running.discard(process)
        if process.returncode != 0:
            text = "\n".join(last)
            raise EnvironmentFailedError(f"{_name(argv)} failed with {process.returncode}:\n{text}")

    def end(self) -> None:
        """End what runs, with what that has started."""
        with self._guard:
            self._ended = True
            for process in self._running:
                _end(process)

    @property
    def ended(self) -> bool:
        """Whether `end()` was called."""
        return self._ended

    def _start(
        self, argv: Sequence[str], env: Mapping[str, str], held: int
    ) -> "subprocess.Popen[str]":
        with self._guard:
            if self._ended:
                raise EnvironmentFailedError("The installation was stopped.")
            process = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=(held,),
                # Ctrl-C is for this process alone: what it does not end must not end by itself.
                process_group=0,
            )
            self._running.add(process)
        return process


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


def _name(argv: Sequence[str]) -> str:
    """Return what runs: of `python -m pip` the module, of all else the program."""
    program, *words = argv
    return words[1] if words[:1] == ["-m"] else Path(program).name
