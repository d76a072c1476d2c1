"""Image references, and the environments that stand in for the images.

`ghcr.io/mlflow/mlflow:v3.17.2-full` is the environment `images/mlflow-3.17.2`, made beforehand by
local/environments.py, in the folder that LOCAL_AWS_ENVIRONMENTS names. An image of a test's own
stands in the index in the state folder (`LocalAws.add_image`). Any other image, and a tag without
an environment, cannot be pulled, and the task fails as on ECS.
"""

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENTS = "LOCAL_AWS_ENVIRONMENTS"
INDEX_FILE = "images.json"
"""The file in the state folder that names the images of tests: reference -> folder of programs."""

_STAMP = "made-of"
"""The last thing that local/environments.py writes: without it an environment is half made."""
_MLFLOW = re.compile(
    r"(?:[^/@]+/)*mlflow:v?(?P<release>\d+\.\d+\.\d+(?:[a-z]+\d+)?)(?:-full)?(?:@sha256:\w+)?"
)


class PullError(RuntimeError):
    """An image that ECS could not pull; the text is ECS's own, without its error name."""


@dataclass(frozen=True)
class Environment:
    """What an image holds: programs, first on the PATH of its containers."""

    programs: Path
    known: bool = False
    """Whether local/environments.py made it; a folder of a test's own may hold anything."""


class _Index:
    """The images of tests' own, read afresh at each use: the launcher may add one at any time."""

    def __init__(self) -> None:
        self.file: Path | None = None

    def own(self) -> dict[str, str]:
        if self.file is None or not self.file.exists():
            return {}
        found: dict[str, str] = json.loads(self.file.read_text())
        return found


_index = _Index()


def install(state: Path) -> None:
    """Look for the index of further images in the folder `state`."""
    _index.file = state / INDEX_FILE


def resolve(reference: str) -> Environment:
    """Return the environment of the image `reference`; raises PullError naming the image."""
    own = _index.own().get(reference)
    if own is not None:
        return Environment(Path(own))
    matched = _MLFLOW.fullmatch(reference)
    if matched:
        folder = _environments() / "images" / f"mlflow-{matched['release']}"
        if (folder / _STAMP).exists():
            return Environment(folder / "bin", known=True)
    raise PullError(
        "pull image manifest has been retried 5 time(s): "
        f"failed to resolve ref {reference}: {reference}: not found"
    )


def newest() -> Environment | None:
    """Return the environment of the newest release that is there."""
    found = [stamp.parent for stamp in (_environments() / "images").glob(f"mlflow-*/{_STAMP}")]
    if not found:
        return None
    release = max(found, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.name)])
    return Environment(release / "bin", known=True)


def _environments() -> Path:
    # The emulator runs in one of them: the others lie beside it.
    return Path(os.environ.get(ENVIRONMENTS) or Path(sys.prefix).parent)


def digest(reference: str) -> str:
    """Return a digest that stands for `reference`: no registry is asked."""
    return "sha256:" + hashlib.sha256(reference.encode()).hexdigest()
