"""The emulator's side of warm starts: a warm parent for each image, and containers copied from it.

A container that a warm parent cannot copy faithfully is started from nothing, as it would be
without; the emulator's log says why.
"""

import hashlib
import os
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.emulator.core import processes
from local.emulator.warm import anew, command, discovery, order, titles
from local.emulator.warm.order import Order

_ROOT = Path(__file__).resolve().parents[3]
_LOADING_SECONDS = 300
"""So long a container waits for its parent's imports at most."""


class CopiedChild:
    """A copy of a warm parent: its end comes over a socket."""

    def __init__(self, pid: int, told: socket.socket) -> None:
        self.pid = pid
        self._told = told

    def wait_for_end(self) -> None:
        """Wait until it has ended, without fetching that."""
        order.read_answer(self._told)

    def reap(self) -> int:
        """Fetch how it ended; as if it was killed when the warm parent has gone."""
        with self._told as told:
            try:
                order.answer(told, reap=True)
                said = order.read_answer(told) or {}
            except OSError:
                said = {}
        return int(said.get("status", -9))


@dataclass(frozen=True)
class Program:
    """What a container runs."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path


class WarmParent:
    """One warm parent, started at once; its imports take some seconds."""

    def __init__(self, programs: Path, log: Path) -> None:
        """Start it for the image whose programs are in the folder `programs`."""
        self._log = log
        self._lock = threading.Lock()
        self._orders, theirs = order.pair()
        with theirs, log.open("ab") as output:
            argv = [
                str(programs / "python"),
                "-m",
                "local.emulator.warm.parent",
                str(theirs.fileno()),
            ]
            argv += [str(_plan(programs)), " " * titles.ROOM]
            child = subprocess.Popen(
                argv,
                env={
                    "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
                    "HOME": anew.HOME,
                    "PYTHONPATH": str(_ROOT),
                    # What the product sets for every container.
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                    titles.ROOM_VARIABLE: " " * titles.ROOM,
                    **processes.environment_mark(),
                },
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        processes.watch(processes.OwnChild(child))

    def start(self, program: Program) -> processes.Process | None:
        """Start a program as a copy; None if it must start from nothing."""
        env = {**program.env, **processes.environment_mark()}
        wanted = Order(list(program.argv), env, str(program.cwd), [0, 1, 2], new_session=True)
        ours, theirs = order.pair()
        with theirs, program.log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
            files = [nothing.fileno(), output.fileno(), output.fileno(), theirs.fileno()]
            try:
                with self._lock:
                    order.send(self._orders, wanted, files)
            except (OSError, order.TooLongError) as error:
                return _refused(program, str(error))
        ours.settimeout(_LOADING_SECONDS)
        try:
            said = order.read_answer(ours) or {"cold": [f"it has ended: see {self._log}"]}
        except OSError as error:
            said = {"cold": [str(error)]}
        if "pid" not in said:
            ours.close()
            return _refused(program, ", ".join(said["cold"]))
        ours.settimeout(None)
        return processes.watch(CopiedChild(int(said["pid"]), ours))


class WarmParents:
    """The warm parents of all images, each started at its first use."""

    def __init__(self, logs: Path) -> None:
        """Keep their logs in the folder `logs`."""
        self._logs = logs
        self._lock = threading.Lock()
        self._parents: dict[Path, WarmParent] = {}

    def prepare(self, programs: Path) -> None:
        """Let the imports of an image begin: containers of it will come."""
        self._of(programs)

    def start(self, programs: Path, program: Program) -> processes.Process | None:
        """Start a program of an image as a copy; None if it must start from nothing."""
        python = str(programs / "python")
        if command.is_warm(program.argv, python):
            return self._of(programs).start(program)
        if command.is_program(program.argv):
            return _refused(program, f"its first lines do not name {python}")
        return None

    def _of(self, programs: Path) -> WarmParent:
        with self._lock:
            if programs not in self._parents:
                log = self._logs / f"warm-{programs.parent.name}.log"
                self._parents[programs] = WarmParent(programs, log)
            return self._parents[programs]


def _refused(program: Program, why: str) -> processes.Process | None:
    print(f"{program.argv[0]} starts from nothing, not from its warm parent: {why}", flush=True)
    return None


def _plan(programs: Path) -> Path:
    """Return the file of the modules to import: of this image and this way of finding them."""
    source = Path(discovery.__file__).read_bytes()
    return programs.parent / f"{discovery.PLAN}-{hashlib.sha256(source).hexdigest()[:12]}.json"
