"""The environments that the local AWS runs in, made once with pip and kept in .local/environments.

Each is a virtual environment of its own, because their pins clash: the emulator, the AWS SAM CLI,
one per Runtime of a function (bare: a function has its artifact and nothing else), one per image.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".local" / "environments"
MLFLOW_VERSION = "3.17.2"

_HERE = Path(__file__).resolve().parent
_STAMP = "made-of"

Say = Callable[[str], None]


class EnvironmentFailedError(RuntimeError):
    """An environment could not be made; the text holds pip's last lines."""


def to_terminal(text: str) -> None:
    """Print `text` at once, on standard error: standard output belongs to the command."""
    print(text, file=sys.stderr, flush=True)


def emulator(say: Say = to_terminal) -> Path:
    """Return the emulator's interpreter (ministack and what it needs), made if it is not there."""
    return _made(
        ENVIRONMENTS / "emulator",
        _HERE / "requirements-emulator.txt",
        "the emulator (ministack, PostgreSQL), once, about half a minute",
        say,
    )


def sam(say: Say = to_terminal) -> Path:
    """Return the interpreter that has the AWS SAM CLI, made if it is not there."""
    return _made(
        ENVIRONMENTS / "sam",
        _HERE / "requirements-sam.txt",
        "the AWS SAM CLI, once, about half a minute",
        say,
    )


def image(version: str = MLFLOW_VERSION, say: Say = to_terminal) -> Path:
    """Return the interpreter that has what the official image of MLflow `version` has.

    Raises EnvironmentFailedError for a version whose packages are not pinned in local/images.
    """
    requirements = _HERE / "images" / f"{version}.txt"
    if not requirements.exists():
        known = ", ".join(sorted(path.stem for path in requirements.parent.glob("*.txt")))
        raise EnvironmentFailedError(
            f"The local AWS has no image of MLflow {version}; it has {known}. "
            f"Pin another one's packages in local/images/{version}.txt."
        )
    place = ENVIRONMENTS / "images" / f"mlflow-{version}"
    return _made(place, requirements, f"MLflow {version}, once, about a minute", say)


def runtime() -> Path:
    """Return the bare interpreter that stands for Lambda's runtime `host_runtime()`."""
    return _made(ENVIRONMENTS / "runtime" / host_runtime(), None, "", lambda _: None)


def host_runtime() -> str:
    """Return Lambda's name for this interpreter's version, `python3.13` say."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _made(place: Path, requirements: Path | None, what: str, say: Say) -> Path:
    python = place / "bin" / "python"
    made_of = _made_of(requirements)
    if _stamp(place) == made_of:
        return python
    with _alone(place):
        # Another process may have made it while this one waited for the lock.
        if _stamp(place) == made_of:
            return python
        if requirements is not None:
            say(f"installing {what}")
        shutil.rmtree(place, ignore_errors=True)
        try:
            _create(place, requirements)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        # The stamp is the last thing written: without it an environment counts as half made.
        staged = place / f"{_STAMP}.new"
        staged.write_text(made_of)
        staged.rename(place / _STAMP)
    return python


def _create(place: Path, requirements: Path | None) -> None:
    bare = ["--without-pip"] if requirements is None else []
    _run([sys.executable, "-m", "venv", *bare, str(place)], "venv")
    if requirements is not None:
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--requirement", str(requirements)], "pip")


def _run(argv: list[str], name: str) -> None:
    # An environment that the caller is in must not lead venv or pip astray.
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH"}}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise EnvironmentFailedError(f"{name} failed with {done.returncode}:\n{tail}")


def _made_of(requirements: Path | None) -> str:
    pins = b"" if requirements is None else requirements.read_bytes()
    base = f"{sys.base_prefix} {sys.version}".encode()
    return hashlib.sha256(pins + b"\0" + base).hexdigest()


def _stamp(place: Path) -> str | None:
    try:
        return (place / _STAMP).read_text()
    except FileNotFoundError:
        return None


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
