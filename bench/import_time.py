"""How long a new execution environment takes to import an entry module."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.table import Row, Section
from local import environments

BUDGET_MS = 300
TIMES = 15
COSTLIEST = 6

CRHELPER = "from crhelper import CfnResource; CfnResource()"
THREE_CLIENTS = "import boto3; [boto3.client(name) for name in ('ecs', 'rds', 's3')]"

# Started like Lambda's runtime starts a function: the artifact is the first on the path.
_PROGRAM = """
import json, sys, time
sys.path[0] = sys.argv[1]
wall, cpu = time.perf_counter(), time.process_time()
exec(sys.argv[2])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps([wall * 1000, cpu * 1000, "botocore.client" in sys.modules]))
"""


@dataclass(frozen=True)
class Measured:
    """Some runs of one statement, in milliseconds; whether it imported what makes clients."""

    wall: list[float]
    cpu: list[float]
    clients: bool

    def __str__(self) -> str:
        spread = f"{min(self.wall):.0f} to {max(self.wall):.0f}"
        return f"{median(self.wall):.0f} ms ({spread}; processor {median(self.cpu):.0f})"


def measure(uncompiled: Path, compiled: Path) -> Section:
    """Return the import times from two copies of the artifact (see `prevent_compiling`)."""
    entries = [*sorted(path.stem for path in uncompiled.glob("custom_*.py")), "last_word"]
    subjects = {
        **{entry: (uncompiled, f"import {entry}") for entry in entries},
        "crhelper": (uncompiled, CRHELPER),
        "clients": (uncompiled, THREE_CLIENTS),
        "compiled": (compiled, "import custom_mlflow"),
        "compiled crhelper": (compiled, CRHELPER),
    }
    measured = _measured(subjects)
    instead = f"CfnResource() {measured['crhelper']}; three boto3 clients {measured['clients']}"
    rows = [
        Row(
            f"import of {entry}",
            f"{BUDGET_MS} ms, no client",
            f"{measured[entry]}{', makes clients' if measured[entry].clients else ''}",
            "the same" if number else instead,
            median(measured[entry].wall) <= BUDGET_MS and not measured[entry].clients,
        )
        for number, entry in enumerate(entries)
    ]
    return Section("Import time", rows, _notes(uncompiled, entries, measured))


def prevent_compiling(place: Path) -> Path:
    """Make Python find and leave no compiled file in an unpacked artifact, as on Lambda.

    There the file system is read-only and the artifact has none. Here a file stands where Python
    would make its folder, so that it fails as it does there, whoever runs this. Returns `place`.
    """
    for folder in [place, *(path for path in place.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").touch()
    return place


def compile_all(place: Path) -> Path:
    """Compile all files of an unpacked artifact. Returns `place`."""
    compiling = [str(environments.runtime()), "-m", "compileall", "-q", str(place)]
    subprocess.run(compiling, capture_output=True, check=True)
    return place


def _notes(uncompiled: Path, entries: list[str], measured: dict[str, Measured]) -> list[str]:
    slowest = max(entries, key=lambda entry: median(measured[entry].wall))
    costs = ", ".join(f"{name} {ms:.0f} ms" for name, ms in _costs(uncompiled, slowest))
    return [
        f"Median of {TIMES} new processes of the bare runtime (fastest to slowest), with no "
        "compiled files in the artifact, as on Lambda, and with nothing but the artifact.",
        f"{slowest} is the slowest. The costliest of its packages, as Python itself measures them "
        f"once, each without what it imports: {costs}.",
        f"Were the artifact compiled: custom_mlflow {measured['compiled']}, "
        f"CfnResource() {measured['compiled crhelper']}.",
    ]


def _measured(subjects: dict[str, tuple[Path, str]]) -> dict[str, Measured]:
    runs: dict[str, list[tuple[float, float, bool]]] = {name: [] for name in subjects}
    # Taken in turns, so that a busy moment of the machine is shared by all.
    for _ in range(TIMES):
        for name, (place, statement) in subjects.items():
            runs[name].append(json.loads(_run(place, statement).stdout))
    return {
        name: Measured([run[0] for run in of], [run[1] for run in of], any(run[2] for run in of))
        for name, of in runs.items()
    }


def _run(artifact: Path, statement: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(environments.runtime()), *options, "-c", _PROGRAM, str(artifact), statement],
        env={
            "PATH": os.defpath,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "PROVIDER_NAME": "cfn-mlflow",
            "POWERTOOLS_SERVICE_NAME": "cfn-mlflow",
        },
        capture_output=True,
        text=True,
        check=True,
    )


def _costs(artifact: Path, entry: str) -> list[tuple[str, float]]:
    """Return the packages that cost the most, each without what it imports, in milliseconds."""
    report = _run(artifact, f"import {entry}", "-X", "importtime").stderr.splitlines()
    spent: Counter[str] = Counter()
    for name, microseconds in _imports(report):
        spent[_package(artifact, name)] += microseconds
    return [(name, microseconds / 1000) for name, microseconds in spent.most_common(COSTLIEST)]


def _imports(report: Iterable[str]) -> Iterable[tuple[str, int]]:
    for line in report:
        spent, _, rest = line.removeprefix("import time:").partition("|")
        if spent.strip().isdigit():
            yield rest.rpartition("|")[2].strip(), int(spent)


def _package(artifact: Path, module: str) -> str:
    parts = module.split(".")
    if parts[0] == "cfn_mlflow":
        return ".".join(parts[:2])
    in_artifact = (artifact / parts[0]).exists() or any(artifact.glob(f"{parts[0]}.*"))
    return parts[0] if in_artifact else "standard library"
