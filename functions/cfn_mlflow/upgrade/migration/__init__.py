"""The migration task: what it runs in the image, and what its end means."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cfn_mlflow.upgrade.migration.minified import minified


@cache
def command() -> tuple[str, ...]:
    """Return the arguments of Python in the migration task: `-c` and the script."""
    return ("-c", minified(Path(__file__).with_name("script.py")))
