"""pip and uv, in .local/tools: what installs everything else.

uv is put there by pip, at the release and with the hashes of local/requirements-uv.lock. Where pip
cannot get it, pip installs everything from the same lock files, and says so.
"""

import hashlib
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from local.install import pip_settings, stamp
from local.install.processes import (
    EnvironmentFailedError,
    Heard,
    Processes,
    clean_environment,
)
from local.install.progress import Say

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".local" / "tools"
CACHE = ROOT / ".local" / "cache"
UV_LOCK = ROOT / "local" / "requirements-uv.lock"

_SHOWN = 500
_NO_VENV = "Python has no venv here; on Debian: apt-get install python3-venv"


class Tools:
    """pip and uv for one command; both are looked for once, at the first use."""

    def __init__(self, say: Say, place: Path = TOOLS) -> None:
        self.processes = Processes()
        self._say = say
        self._place = place
        self._python = place / "bin" / "python"
        self._guard = threading.Lock()
        self._uv: Path | None = None
        self._ready = False
        self._settings: Mapping[str, str] = {}

    def install(self, python: Path, lock: Path, held: int, heard: Heard) -> None:
        """Install what the lock file names, and nothing else, into the environment of `python`.

        Raises EnvironmentFailedError if neither uv nor pip can.
        """
        uv = self.uv()
        if uv is None:
            self._by_pip(python, lock, held, heard)
            return
        try:
            argv = [str(uv), "pip", "install", "--no-deps", "--require-hashes"]
            argv += ["--no-index"] if pip_settings.no_index(self._settings) else []
            argv += ["--python", str(python), "--requirement", str(lock)]
            self.processes.run(argv, env=self.uv_environment(), held=held, heard=heard)
        except EnvironmentFailedError as error:
            if self.processes.ended:
                raise
            self._say(f"{error}\nNow pip tries the same; it takes longer.")
            self._by_pip(python, lock, held, heard)

    def uv(self) -> Path | None:
        """Return uv, installed if it is not there; None where pip cannot get it."""
        with self._guard:
            if not self._ready:
                with stamp.alone(self._place, "pip and uv", self._say) as held:
                    self._make(held)
                self._ready = True
        return self._uv

    def uv_environment(self) -> dict[str, str]:
        """Return the environment variables for uv: the machine's, with pip's settings for it."""
        self.uv()
        ours = clean_environment()
        # In the project's folder, where files can be linked into the environments.
        defaults = {"UV_CACHE_DIR": str(CACHE / "uv")}
        return {**defaults, **ours, **pip_settings.for_uv(self._settings, ours)}

    def _make(self, held: int) -> None:
        base = stamp.of_python()
        if stamp.read(self._place) != base:
            stamp.remove(self._place)
            argv = [stamp.BASE_PYTHON, "-m", "venv", str(self._place.resolve())]
            try:
                self.processes.run(argv, env=clean_environment(), held=held)
            except EnvironmentFailedError as error:
                raise EnvironmentFailedError(f"{error}\n{_NO_VENV}") from error
            stamp.write(self._place, base)
        self._settings = pip_settings.parse(self._pip_config())
        self._uv = self._installed_uv(held)

    def _installed_uv(self, held: int) -> Path | None:
        uv, made_of = self._place / "bin" / "uv", hashlib.sha256(UV_LOCK.read_bytes()).hexdigest()
        if stamp.read(self._place, "uv-made-of") == made_of:
            return uv
        self._say("Getting uv, which installs everything else")
        argv = [str(self._python), "-m", "pip", "install", "--no-deps", "--require-hashes"]
        argv += ["--disable-pip-version-check", "--no-input", "--requirement", str(UV_LOCK)]
        try:
            self.processes.run(argv, env=_pip_environment(), held=held)
        except EnvironmentFailedError as error:
            if self.processes.ended:
                raise
            lines = str(error).splitlines()
            why = next((line for line in lines if "ERROR" in line), lines[-1])
            self._say(
                f"uv is not to be had here ({why}). pip installs instead: that takes minutes."
            )
            return None
        stamp.write(self._place, made_of, "uv-made-of")
        return uv

    def _by_pip(self, python: Path, lock: Path, held: int, heard: Heard) -> None:
        argv = [str(self._python), "-m", "pip", "--python", str(python), "install"]
        argv += ["--no-deps"]
        argv += ["--require-hashes", "--disable-pip-version-check", "--no-input"]
        argv += ["--progress-bar", "off"]
        # What uv may have begun is not to be trusted.
        argv += ["--ignore-installed", "--requirement", str(lock)]
        self.processes.run(argv, env=_pip_environment(), held=held, heard=heard)

    def _pip_config(self) -> str:
        argv = [str(self._python), "-m", "pip", "config", "list"]
        env = _pip_environment()
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EnvironmentFailedError(
                f"pip cannot read its own settings:\n{done.stderr.strip()[-_SHOWN:]}\n"
                "Mend them, or go without (`PIP_CONFIG_FILE=/dev/null make ...`)."
            )
        return done.stdout


def _pip_environment() -> dict[str, str]:
    return {"PIP_CACHE_DIR": str(CACHE / "pip"), **clean_environment()}
