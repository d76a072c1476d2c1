"""Write the bill of materials of what `sam build` packs, in CycloneDX's form.

    make sbom

It is read from the artifact itself: each package with its version, its licence and what it needs.
The hashes that each was held to come from `functions/requirements.txt`. A file of the artifact that
belongs to no package and is not ours ends it, and so does a package that is not in that file.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from local import environments, provider
from local.environments import ROOT
from tools import scanner_environments

FUNCTIONS = ROOT / "functions"
TARGET = ROOT / ".local" / "release"
_LOCK_OF_UV = ".lock"
"""uv leaves it where it has installed."""
_VALIDATE = (
    "import sys; from cyclonedx.validation.json import JsonStrictValidator as V;"
    "from cyclonedx.schema import SchemaVersion as S;"
    "sys.exit(str(V(S.V1_6).validate_str(open(sys.argv[1]).read()) or '') or 0)"
)


class SbomError(RuntimeError):
    """The artifact is not what it should be; the text says what is wrong with it."""


def main() -> int:
    """Build the functions, write their bill of materials and say where it is."""
    TARGET.mkdir(parents=True, exist_ok=True)
    built = provider.build_release(TARGET / "build", TARGET)
    artifact = artifact_of(built)
    found = bill_of(artifact)
    name, version = (found["metadata"]["component"][key] for key in ("name", "version"))
    target = TARGET / f"{name}-{version}.cdx.json"
    target.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    print(f"{target.relative_to(ROOT)}: {len(found['components'])} packages in the artifact")  # noqa: T201 - its answer
    return 0


def artifact_of(built: Path) -> Path:
    """Return the folder that all functions of a built template share."""
    resources = yaml.safe_load(built.read_text())["Resources"].values()
    folders = {
        body["Properties"]["CodeUri"]
        for body in resources
        if body["Type"] == "AWS::Serverless::Function"
    }
    (shared,) = folders
    return built.parent / str(shared)


def bill_of(artifact: Path) -> dict[str, Any]:
    """Return the bill of materials of an artifact. Raises SbomError."""
    strangers = sorted(_files(artifact) - _of_packages(artifact) - _files(FUNCTIONS))
    if strangers:
        raise SbomError(f"The artifact has files of no package: {', '.join(strangers)}")
    held_to = _components(_cyclonedx("requirements", str(FUNCTIONS / "requirements.txt")))
    found = _cyclonedx("environment", str(environments.runtime()), path=artifact)
    packed = _components(found)
    if packed.keys() != held_to.keys():
        different = ", ".join(sorted(packed.keys() ^ held_to.keys()))
        raise SbomError(f"Artifact and functions/requirements.txt differ in {different}")
    for purl, component in packed.items():
        component["externalReferences"] += held_to[purl]["externalReferences"]
    # pyproject.toml tells what the command needs that watches; the functions need all that is here.
    root = found["metadata"]["component"]["bom-ref"]
    needs = {one["ref"]: one for one in found["dependencies"]}
    needs[root]["dependsOn"] = sorted(component["bom-ref"] for component in packed.values())
    _validate(found)
    return found


def _cyclonedx(*arguments: str, path: Path | None = None) -> dict[str, Any]:
    """Run cyclonedx-py, with the packages of `path` if one is given."""
    python = scanner_environments.supply_chain()
    more = {"PYTHONPATH": str(path)} if path else {}
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    options += ["--sv", "1.6", "--of", "JSON", "--no-validate"]
    done = subprocess.run(  # noqa: S603 - a program of an environment of ours
        [str(python.with_name("cyclonedx-py")), *arguments, *options],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SbomError(f"cyclonedx-py failed: {done.stderr[-500:]}")
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _components(bill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the packages of a bill by their package URLs, which know one spelling of a name."""
    return {component["purl"]: component for component in bill["components"]}


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def _of_packages(artifact: Path) -> set[str]:
    """Return the files that the packages' own records name, and what uv leaves."""
    records = artifact.glob("*.dist-info/RECORD")
    return {_LOCK_OF_UV}.union(*(_recorded(record) for record in records))


def _recorded(record: Path) -> Iterator[str]:
    with record.open(newline="") as lines:
        yield from (row[0] for row in csv.reader(lines) if row)


def _validate(bill: dict[str, Any]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(bill, file)
        file.flush()
        done = subprocess.run(  # noqa: S603 - an interpreter of ours
            [str(scanner_environments.supply_chain()), "-c", _VALIDATE, file.name],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise SbomError(f"This is no bill of CycloneDX 1.6: {done.stderr[-500:]}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SbomError as failed:
        sys.exit(str(failed))
