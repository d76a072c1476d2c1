"""`python -m local.clean` (`make clean`): gives back the disk that the project has taken.

Everything stands in the project's folder. It needs a bare Python, because it removes .venv.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from local.install import disk
from local.install.tools import ROOT

LOCAL = ROOT / ".local"
# What the tools of development keep beside the code.
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")
PROC = Path("/proc")


def main() -> int:
    """Remove it all and tell what is free again; refuse while something runs on it."""
    runs = sorted(set(_processes()))
    if runs:
        print(
            f"Processes of the local AWS still run ({', '.join(map(str, runs))}): a demo or tests "
            "in another terminal? End them, or wait for their end, then clean again.",
            file=sys.stderr,
        )
        return 1
    folders = [folder for folder in _folders() if folder.exists()]
    freed = disk.size(folders)
    for folder in folders:
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    print(_told([folder.name for folder in folders], freed))
    return 0


def _folders() -> list[Path]:
    return [LOCAL, ROOT / ".venv", ROOT / ".venv.lock", *(ROOT / name for name in CACHES)]


def _told(names: list[str], freed: int) -> str:
    if not names:
        return "Nothing to remove: the project has taken no disk besides its own files."
    return (
        f"Removed {', '.join(names)}: {disk.told(freed)} of disk are free again. "
        "`make demo` or `make local` installs anew."
    )


def _processes() -> Iterator[int]:
    """Give the processes whose program is in the environments of the local AWS."""
    mark = str(LOCAL / "environments").encode()
    for entry in PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # It ended meanwhile, or belongs to somebody else.
        if words[0].startswith(mark):
            yield int(entry.name)


if __name__ == "__main__":
    sys.exit(main())
