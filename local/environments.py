"""The environments of the project and of its local AWS, in .venv and .local/environments.

Each is a virtual environment of its own, because their pins clash: the project's, the emulator's,
the AWS SAM CLI's, one per Runtime of a function (bare: a function has its artifact and nothing
else), one per image. `python -m local.environments` makes the project's; it needs a bare Python.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from local.install import environment
from local.install.environment import Environment
from local.install.processes import EnvironmentFailedError
from local.install.progress import Say, to_terminal
from local.install.tools import ROOT, Tools

__all__ = ["ROOT", "EnvironmentFailedError", "Say", "to_terminal"]

ENVIRONMENTS = ROOT / ".local" / "environments"
FURTHER_IMAGES = ROOT / ".local" / "images"
"""The pins of releases that a user has added."""
MLFLOW_VERSION = "3.17.2"
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as a shell has it."""

_HERE = Path(__file__).resolve().parent
_IMAGES = (_HERE / "images", FURTHER_IMAGES)
_PROJECT = Environment(
    "the project's own environment (.venv)", ROOT / ".venv", ROOT / "requirements.lock"
)
_EMULATOR = Environment(
    "the emulator (ministack, PostgreSQL)",
    ENVIRONMENTS / "emulator",
    _HERE / "requirements-emulator.lock",
)
_SAM = Environment("the AWS SAM CLI", ENVIRONMENTS / "sam", _HERE / "requirements-sam.lock")


def project(say: Say = to_terminal) -> Path:
    """Return the interpreter of development and tests, made if it is not there."""
    return _made(_PROJECT, say)


def emulator(say: Say = to_terminal) -> Path:
    """Return the emulator's interpreter (ministack and what it needs), made if it is not there."""
    return _made(_EMULATOR, say)


def sam(say: Say = to_terminal) -> Path:
    """Return the interpreter that has the AWS SAM CLI, made if it is not there."""
    return _made(_SAM, say)


def image(version: str = MLFLOW_VERSION, say: Say = to_terminal) -> Path:
    """Return the interpreter that has what the official image of MLflow `version` has.

    Raises EnvironmentFailedError for a version whose packages are not pinned.
    """
    return _made(_image(version), say)


def runtime() -> Path:
    """Return the bare interpreter that stands for Lambda's runtime `host_runtime()`."""
    return _made(_runtime(), lambda _: None)


def prepare(
    images: Sequence[str] = (MLFLOW_VERSION,), *, sam: bool = False, say: Say = to_terminal
) -> None:
    """Make all that a local AWS with these images runs in, side by side, where it is not there.

    `sam` makes what deploys the provider, too. Raises EnvironmentFailedError.
    """
    wanted = [_EMULATOR, _runtime(), *(_image(version) for version in dict.fromkeys(images))]
    environment.make([*wanted, *([_SAM] if sam else [])], Tools(say), say)


def releases() -> list[str]:
    """Return the MLflow releases whose packages are pinned here, the oldest first."""
    pinned = {path.stem for folder in _IMAGES for path in folder.glob("*.lock")}
    return sorted(pinned, key=lambda release: [int(part) for part in re.findall(r"\d+", release)])


def is_installed(release: str) -> bool:
    """Whether the image of a release that is pinned is there."""
    return _image(release).is_made()


def host_runtime() -> str:
    """Return Lambda's name for this interpreter's version, `python3.13` say."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _image(version: str) -> Environment:
    for folder in _IMAGES:
        lock = folder / f"{version}.lock"
        if lock.exists():
            place = ENVIRONMENTS / "images" / f"mlflow-{version}"
            return Environment(f"MLflow {version}", place, lock)
    raise EnvironmentFailedError(
        f"The local AWS has no image of MLflow {version}; it has {', '.join(releases())}. "
        f"`python -m local image {version}` adds it."
    )


def _runtime() -> Environment:
    return Environment(host_runtime(), ENVIRONMENTS / "runtime" / host_runtime())


def _made(wanted: Environment, say: Say) -> Path:
    environment.make([wanted], Tools(say), say)
    return wanted.python


if __name__ == "__main__":
    try:
        project()
    except EnvironmentFailedError as failed:
        sys.exit(str(failed))
    except KeyboardInterrupt:
        to_terminal("Stopped; the next `make` goes on with what is downloaded.")
        sys.exit(INTERRUPTED)
