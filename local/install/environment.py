"""One environment: made from its lock file, whole or not at all, whoever else wants it."""

import hashlib
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from local.install import stamp
from local.install.processes import Processes, clean_environment
from local.install.progress import Progress, Say
from local.install.tools import Tools, Wanted

LOCK_COPY = "installed.lock"


@dataclass(frozen=True)
class Environment:
    """A virtual environment at `place` with what `lock` names; without a lock, a bare one."""

    title: str
    place: Path
    lock: Path | None = None
    compiled: bool = False

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.place / "bin" / "python"

    def is_made(self) -> bool:
        """Whether it is there, whole, from this lock file and this interpreter."""
        return stamp.read(self.place) == _made_of(self._locked())

    def make(self, tools: Tools, processes: Processes, progress: Progress) -> None:
        """Make it if it is not there. Raises EnvironmentFailedError."""
        with stamp.alone(self.place, self.title, progress.say) as held:
            # Another process may have made it while this one waited for the lock.
            if self.is_made():
                return
            # Read once: what is installed is what the stamp tells, whoever writes meanwhile.
            locked = self._locked()
            stamp.remove(self.place)
            try:
                self._fill(locked, tools, processes, progress, held)
            except BaseException:
                stamp.remove(self.place)
                raise
            stamp.write(self.place, _made_of(locked))

    def _fill(
        self, locked: bytes, tools: Tools, processes: Processes, progress: Progress, held: int
    ) -> None:
        argv = [sys.executable, "-m", "venv", "--without-pip", str(self.place)]
        processes.run(argv, env=clean_environment(), held=held)
        if self.lock is None:
            return
        steps = progress.begin(self.title, locked.count(b"=="))
        copy = self.place / LOCK_COPY
        copy.write_bytes(locked)
        wanted = Wanted(self.python, copy, self.compiled)
        tools.install(wanted, processes, held, steps.heard)
        progress.ready(steps, self.place)

    def _locked(self) -> bytes:
        return self.lock.read_bytes() if self.lock else b""


def make(environments: Sequence[Environment], tools: Tools, say: Say) -> None:
    """Make all that are not there, side by side. Raises EnvironmentFailedError.

    One that fails lets the others come to their end.
    """
    missing = [environment for environment in environments if not environment.is_made()]
    if not missing:
        return
    progress = Progress(sum(environment.lock is not None for environment in missing), say)
    processes = Processes()
    with ThreadPoolExecutor(len(missing)) as pool:
        made = [pool.submit(one.make, tools, processes, progress) for one in missing]
        try:
            failed = [error for done in as_completed(made) if (error := done.exception())]
        except BaseException:
            processes.end()
            raise
    if failed:
        raise failed[0]


def _made_of(locked: bytes) -> str:
    return hashlib.sha256(locked + stamp.of_python().encode()).hexdigest()
