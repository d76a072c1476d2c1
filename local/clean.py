"""`python -m local.clean` (`make clean`): gives back the disk that the project has taken.

Everything stands in the project's folder. It needs a bare Python, because it removes .venv.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from local.install import disk, running, stamp
from local.install.tools import ROOT

LOCAL = ROOT / ".local"
# What the tools of development keep beside the code.
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")
# What processes lock while they install, build, start or end something (local/install/stamp.py).
_LOCKS = ("*.lock", "run*", "demo", "build/lock", "environments/*.lock", "environments/*/*.lock")

_WAIT = "A demo, tests, an editor? End it, or wait for its end, then clean again."


def main() -> int:
    """Remove it all and tell what is free again; refuse while something runs on it."""
    # Held until the end: whoever comes meanwhile waits, and then finds that all is gone.
    with ExitStack() as held:
        if not _take_locks(held):
            return _refused(f"Another process installs, starts or builds something here. {_WAIT}")
        runs = "".join(f"\n  {pid}: {program}" for pid, program in _processes())
        if runs:
            return _refused(f"Processes still run on what is installed here:{runs}\n{_WAIT}")
        try:
            _remove()
        except OSError as error:
            return _refused(f"Not all of it can be removed: {error}.")
    return 0


def _refused(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


def _take_locks(held: ExitStack) -> bool:
    """Take each lock that there is; tell whether no other process holds one."""
    places = [ROOT / ".venv.lock", *(place for each in _LOCKS for place in LOCAL.glob(each))]
    for place in places:
        if not place.exists():
            continue
        descriptor = stamp.try_alone(place)
        if descriptor is None:
            return False
        held.callback(os.close, descriptor)
    return True


def _processes() -> Iterator[tuple[int, str]]:
    return running.programs_below([LOCAL, ROOT / ".venv"])


def _remove() -> None:
    folders = [folder for folder in _folders() if folder.exists() or folder.is_symlink()]
    freed = disk.size(folders)
    for folder in folders:
        _remove_one(folder)
    print(_told([folder.name for folder in folders], freed))


def _folders() -> Iterator[Path]:
    yield LOCAL
    venv = ROOT / ".venv"
    if stamp.is_foreign(venv):
        print(f"{venv.name} stays: it was not made by this project.")
    else:
        yield venv
    yield ROOT / ".venv.lock"
    yield from (ROOT / name for name in CACHES)


def _remove_one(place: Path) -> None:
    if place.is_dir():
        # Of a link the folder that it leads to is emptied: that is where the disk was taken.
        disk.empty(place)
    if place.is_dir() and not place.is_symlink():
        place.rmdir()
    else:
        place.unlink()


def _told(names: list[str], freed: int) -> str:
    if not names:
        return "Nothing to remove: the project has taken no disk besides its own files."
    return (
        f"Removed {', '.join(names)}: {disk.told(freed)} of disk are free again. "
        "`make demo` or `make local` installs anew."
    )


if __name__ == "__main__":
    sys.exit(main())
