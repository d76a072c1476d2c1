"""Write docs/tested.md: what the long tests came to when they were last run, and on which commit.

python -m tools.note_tested RESULTS.xml    (pytest's --junitxml; `make test-long` does both)
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tested.md"
DATE = len("2026-01-31")
"""So many characters of a timestamp are its day."""


@dataclass(frozen=True)
class Tested:
    """One test as pytest tells of it."""

    file: str
    name: str
    seconds: float
    ended: str
    figures: tuple[tuple[str, str], ...]


def read(results: Path) -> tuple[str, list[Tested]]:
    """Return the day of a run and its tests."""
    suite = ET.parse(results).getroot().find("testsuite")  # noqa: S314 - pytest's own file
    if suite is None:
        raise SystemExit(f"{results} holds no results of pytest's")
    return suite.attrib["timestamp"][:DATE], [_tested(case) for case in suite.iter("testcase")]


def page(day: str, commit: str, machine: str, tests: list[Tested]) -> str:
    """Return the page."""
    seconds = sum(test.seconds for test in tests)
    lines = [
        "# What the long tests came to",
        "",
        f"Written by `make test-long` on {day}, at commit {commit}: {machine}.",
        f"{len(tests)} tests took {seconds / 60:.0f} minutes of their workers together.",
        "",
        "| test | ended | seconds | figures |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*lines, *(_row(test) for test in tests), ""])


def main() -> None:
    """Write the page of the results that the argument names."""
    day, tests = read(Path(sys.argv[1]))
    PAGE.write_text(page(day, _commit(), _machine(), tests))
    print(f"Written: {PAGE.relative_to(ROOT)}")  # noqa: T201 - said to whoever runs it


def _tested(case: ET.Element) -> Tested:
    faults = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
    figures = tuple(
        (found.attrib["name"], found.attrib["value"]) for found in case.iter("property")
    )
    file = case.attrib["classname"].rpartition(".")[2]
    seconds = float(case.attrib["time"])
    return Tested(file, case.attrib["name"], seconds, "; ".join(faults) or "passed", figures)


def _row(test: Tested) -> str:
    words = f"{test.file}: {test.name.removeprefix('test_').replace('_', ' ')}".replace("|", "\\|")
    figures = "; ".join(f"{name} {value}" for name, value in test.figures)
    return f"| {words} | {test.ended} | {test.seconds:.0f} | {figures} |"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - git of the PATH
    return done.stdout.strip()


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
