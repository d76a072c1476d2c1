"""One environment: made from its lock file, whole or not at all, whoever else wants it."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from local.install import stamp
from local.install.processes import EnvironmentFailedError, clean_environment
from local.install.progress import Progress, Say
from local.install.tools import Tools

LOCK_COPY = "installed.lock"


@dataclass(frozen=True)
class Environment:
    """A virtual environment at `place` with what `lock` names; without a lock, a bare one."""

    title: str
    place: Path
    lock: Path | None = None

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.place / "bin" / "python"

    def is_made(self) -> bool:
        """Whether it is there, whole, from this lock file and this interpreter, for this place."""
        return stamp.read(self.place) == _made_of(self._locked()) and not self._was_moved()

    def make(self, tools: Tools, progress: Progress) -> None:
        """Make it if it is not there. Raises EnvironmentFailedError."""
        with stamp.alone(self.place, self.title, progress.say) as held:
            # Another process may have made it while this one waited for the lock.
            if self.is_made():
                return
            self._check_place()
            # Read once: what is installed is what the stamp tells, whoever writes meanwhile.
            locked = self._locked()
            stamp.remove(self.place)
            try:
                self._fill(locked, tools, progress, held)
            except BaseException:
                stamp.remove(self.place)
                raise
            stamp.write(self.place, _made_of(locked))

    def _check_place(self) -> None:
        if self.place.is_symlink() and not self.place.exists():
            raise EnvironmentFailedError(
                f"{self.place} is a link to {self.place.readlink()}, which is not there. Make that "
                "folder, or remove the link."
            )
        if stamp.is_foreign(self.place):
            raise EnvironmentFailedError(
                f"{self.place} is in the way: this project did not make it, and so it stays. Move "
                f"it, or remove it (`rm -r {self.place}`), then do the same again."
            )

    def _fill(self, locked: bytes, tools: Tools, progress: Progress, held: int) -> None:
        stamp.begin(self.place)
        # venv takes no link for a folder.
        argv = [stamp.BASE_PYTHON, "-m", "venv", "--without-pip", str(self.place.resolve())]
        tools.processes.run(argv, env=clean_environment(), held=held)
        if self.lock is None:
            return
        steps = progress.begin(self.title, locked.count(b"=="))
        copy = self.place / LOCK_COPY
        copy.write_bytes(locked)
        tools.install(self.python, copy, held, steps.heard)
        progress.ready(steps, self.place)

    def _was_moved(self) -> bool:
        """Whether it was made for another place: its programs name the Python there."""
        try:
            settings = (self.place / "pyvenv.cfg").read_text()
        except FileNotFoundError:
            return True
        return not any(line.endswith(f" {self.place.resolve()}") for line in settings.splitlines())

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
    with ThreadPoolExecutor(len(missing)) as pool:
        made = [pool.submit(one.make, tools, progress) for one in missing]
        try:
            failed = [error for done in as_completed(made) if (error := done.exception())]
        except BaseException:
            tools.processes.end()
            raise
    if failed:
        raise failed[0]


def _made_of(locked: bytes) -> str:
    return hashlib.sha256(locked + stamp.of_python().encode()).hexdigest()
