"""Write the lock files of requirements files that have changed, with all hashes.

    make locks

A person changes the pins in a requirements file; this writes what is installed from. `--all` also
writes those that agree already: a release may have got more files, for another Python say.
"""

from __future__ import annotations

import sys

from local.environments import ROOT, EnvironmentFailedError
from local.install import locks, stamp
from local.install.progress import to_terminal
from local.install.tools import TOOLS, Tools

REQUIREMENTS = (
    ROOT / "requirements.txt",
    ROOT / "functions" / "requirements.in",
    *sorted((ROOT / "local").glob("requirements-*.txt")),
    *sorted((ROOT / "tests" / "other_tools").glob("requirements-*.txt")),
    *sorted((ROOT / "tools").glob("requirements-*.txt")),
    *sorted((ROOT / "local" / "images").glob("*.txt")),
)


def main() -> int:
    """Write those that do not agree, or all; 1 if one cannot be written."""
    try:
        _write()
    except EnvironmentFailedError as failed:
        to_terminal(str(failed))
        return 1
    return 0


def _write() -> None:
    every = sys.argv[1:] == ["--all"]
    wanted = [path for path in REQUIREMENTS if every or not locks.agree(path)]
    tools = Tools(to_terminal)
    tools.uv()
    with stamp.alone(TOOLS, "lock files", to_terminal) as held:
        for requirements in wanted:
            locks.Compiler(tools, held).lock(requirements)
            to_terminal(f"Written: {locks.beside(requirements).relative_to(ROOT)}")
    to_terminal(f"{len(wanted)} of {len(REQUIREMENTS)} lock files written; the others agree")


if __name__ == "__main__":
    sys.exit(main())
