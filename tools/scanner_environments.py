"""The environments of what scans the project and what it is made of; the product has none of it."""

from __future__ import annotations

from pathlib import Path

from local.environments import ENVIRONMENTS
from local.install import environment
from local.install.environment import Environment
from local.install.progress import to_terminal
from local.install.tools import Tools

_HERE = Path(__file__).resolve().parent
_SCANNERS = Environment(
    "checkov and parliament", ENVIRONMENTS / "scanners", _HERE / "requirements-scanners.lock"
)
_SUPPLY_CHAIN = Environment(
    "pip-audit and CycloneDX",
    ENVIRONMENTS / "supply-chain",
    _HERE / "requirements-supply-chain.lock",
)


def scanners() -> Path:
    """Return the interpreter that has checkov and parliament, made if it is not there."""
    return _made(_SCANNERS)


def supply_chain() -> Path:
    """Return the interpreter that has pip-audit and cyclonedx-py, made if it is not there."""
    return _made(_SUPPLY_CHAIN)


def _made(wanted: Environment) -> Path:
    environment.make([wanted], Tools(to_terminal), to_terminal)
    return wanted.python
