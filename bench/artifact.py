"""The artifact that `sam build` made: its size as a zip, with and without boto3."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from bench.table import Row, Section
from local import provider
from local.environments import ROOT

PLACE = ROOT / ".local" / "bench"
MB = 1_000_000
WITH_BOTO3_MB = 22
WITHOUT_BOTO3_MB = 5

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def build() -> Path:
    """Build the provider if it changed; return a copy of the one artifact of its functions.

    A build may be forgotten while it is measured, if the functions change meanwhile.
    """
    built = provider.build(ROOT / "template.yaml", PLACE)
    (entry,) = built.parent.glob("*/custom_mlflow.py")
    return copy_of(entry.parent, files(entry.parent), PLACE / "artifact")


def measure(artifact: Path) -> Section:
    """Return what is uploaded, beside a function of crhelper's with nothing else in it."""
    whole = zipped(artifact, files(artifact))
    boto3 = set(files_of(artifact, "boto3"))
    without = zipped(artifact, (file for file in files(artifact) if file not in boto3))
    crhelper = set(files_of(artifact, "crhelper"))
    alone, both = zipped(artifact, crhelper), zipped(artifact, crhelper | boto3)
    return Section(
        "Artifact size",
        [
            Row(
                "artifact, zipped",
                f"{WITH_BOTO3_MB} MB",
                _megabytes(whole),
                f"{_megabytes(both)} (crhelper and boto3)",
                whole <= WITH_BOTO3_MB * MB,
            ),
            Row(
                "artifact, zipped, without boto3",
                f"{WITHOUT_BOTO3_MB} MB",
                _megabytes(without),
                f"{_megabytes(alone)} (crhelper)",
                without <= WITHOUT_BOTO3_MB * MB,
            ),
        ],
        ["boto3 counts with all that it requires; a zip is what `sam deploy` uploads."],
    )


def files_of(artifact: Path, name: str) -> list[Path]:
    """Return the files of a package in the artifact and of those that it requires.

    Raises KeyError if the artifact does not have the package.
    """
    packages = {
        _normal(package.metadata["Name"]): package
        for package in metadata.distributions(path=[str(artifact)])
    }
    return [
        artifact / str(file)
        for package in {name, *_with_required(packages, name)}
        for file in packages[package].files or ()
    ]


def copy_of(artifact: Path, chosen: Iterable[Path], place: Path) -> Path:
    """Put some of the artifact's files in a new folder and return it."""
    shutil.rmtree(place, ignore_errors=True)
    for file in chosen:
        target = place / file.relative_to(artifact)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return place


def zipped(artifact: Path, chosen: Iterable[Path]) -> int:
    """Return the bytes of a zip of these files."""
    with tempfile.TemporaryFile(dir=PLACE) as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(chosen):
                archive.write(file, file.relative_to(artifact))
        return target.tell()


def files(artifact: Path) -> Iterator[Path]:
    """Yield every file of the artifact."""
    return (path for path in artifact.rglob("*") if path.is_file())


def _with_required(packages: dict[str, metadata.Distribution], name: str) -> set[str]:
    found, ahead = set(), [name]
    while ahead:
        package = ahead.pop()
        if package in found or package not in packages:
            continue
        found.add(package)
        required = packages[package].requires or []
        ahead += [_name(line) for line in required if "extra ==" not in line]
    return found


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    return _normal(match[0]) if match else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _megabytes(size: int) -> str:
    return f"{size / MB:.1f} MB" if size >= MB else f"{size / 1000:.0f} kB"
