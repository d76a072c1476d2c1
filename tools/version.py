"""The version of the project: pyproject.toml says it, all else repeats it.

make version              prints it
make version TAG=v0.1.0   fails if a tag is for another version: before a release
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version() -> str:
    """Return the version that pyproject.toml says."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def main(tag: str) -> int:
    """Print the version; fail if there is a tag, and it is for another version."""
    print(version())  # noqa: T201 - its answer
    if tag in ("", f"v{version()}"):
        return 0
    why = f"The tag {tag} is not v{version()}: change pyproject.toml, or the tag"
    print(why, file=sys.stderr)  # noqa: T201 - its answer
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
