"""Ask which packages of the lock files have known vulnerabilities, by pip-audit.

    make audit                                        # says so where nobody can be asked
    python -m tools.audit_dependencies --must-answer  # fails then: before a release

The advisories are PyPI's. A machine may reach no more than an index of packages: then pip-audit
finds none of them there, and calls that no known vulnerabilities. Here that is no answer.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.environments import ROOT
from local.install import locks
from local.install.tools import CACHE
from tools import scanner_environments
from tools.make_locks import REQUIREMENTS

STAND_INS = ROOT / "local" / "images"
"""What is pinned there stands for images of others: what is found is told, and fails nothing."""
ACCEPTED: Mapping[str, str] = {}
"""Vulnerabilities that do not touch us, by their ids, each with the reason."""
VULNERABLE, UNANSWERED = 1, 3
_AT_ONCE = 4
_SECONDS = 15


@dataclass(frozen=True)
class Audit:
    """What pip-audit says of one lock file."""

    lock: Path
    asked: int = 0
    """How many packages were looked up."""
    skipped: tuple[str, ...] = ()
    """Packages that nothing is known of."""
    vulnerable: tuple[str, ...] = ()
    """A line for each vulnerability."""
    trouble: str = ""
    """Why nothing could be asked at all."""

    @property
    def answered(self) -> bool:
        """Tell whether anything could be looked up."""
        return self.asked > 0

    @property
    def fails(self) -> bool:
        """Tell whether something is to be done."""
        known = self.answered and bool(self.skipped)
        return bool(self.vulnerable or known) and STAND_INS not in self.lock.parents


def read(lock: Path, done: subprocess.CompletedProcess[str]) -> Audit:
    """Return what a run of pip-audit says."""
    try:
        packages: Sequence[Mapping[str, object]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        trouble = lines[-1] if lines else f"pip-audit ended with {done.returncode}"
        return Audit(lock, trouble=trouble)
    skipped = tuple(str(one["name"]) for one in packages if "skip_reason" in one)
    asked = len(packages) - len(skipped)
    trouble = "" if asked else "none of the packages was found where the advisories are"
    vulnerable = tuple(line for one in packages for line in _lines(one))
    return Audit(lock, asked, skipped, vulnerable, trouble)


def _lines(package: Mapping[str, object]) -> Sequence[str]:
    found = package.get("vulns", [])
    assert isinstance(found, list)  # noqa: S101 - the form of pip-audit's answer
    return [
        f"{package['name']} {package['version']}: {one['id']}, mended in"
        f" {', '.join(one['fix_versions']) or 'no release yet'}"
        for one in found
    ]


def text(audit: Audit, root: Path = ROOT) -> str:
    """Return what is to be told of a lock file."""
    name = audit.lock.relative_to(root)
    if not audit.answered:
        return f"{name}: NOT AUDITED, {audit.trouble}"
    told = [f"{name}: {audit.asked} packages, {len(audit.vulnerable)} known vulnerabilities"]
    told += [f"  {line}" for line in audit.vulnerable]
    told += [f"  {package}: nothing is known of it" for package in audit.skipped]
    return "\n".join(told)


def verdict(audits: Sequence[Audit], *, must_answer: bool) -> int:
    """Return the exit code: 1 for what is to be mended, 3 where an answer was wanted and is not."""
    if any(audit.fails for audit in audits):
        return VULNERABLE
    unanswered = not all(audit.answered for audit in audits)
    return UNANSWERED if must_answer and unanswered else 0


def main(arguments: Sequence[str]) -> int:
    """Audit every lock file."""
    python = scanner_environments.supply_chain()
    files = [locks.beside(requirements) for requirements in REQUIREMENTS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        audits = list(pool.map(lambda lock: read(lock, _pip_audit(python, lock)), files))
    for audit in audits:
        print(text(audit))  # noqa: T201 - its answer
    if not all(audit.answered for audit in audits):
        print("Whoever could not be asked has said nothing. Audit where PyPI can be reached.")  # noqa: T201
    return verdict(audits, must_answer="--must-answer" in arguments)


def _pip_audit(python: Path, lock: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(python.with_name("pip-audit")), "--requirement", str(lock), "--require-hashes"]
    argv += ["--disable-pip", "--format", "json", "--progress-spinner", "off"]
    argv += ["--timeout", str(_SECONDS), "--cache-dir", str(CACHE / "pip-audit")]
    argv += [word for accepted in ACCEPTED for word in ("--ignore-vuln", accepted)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - ours


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
