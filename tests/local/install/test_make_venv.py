"""`make` and .venv: made anew when it must be, whatever Python and whatever folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.environments import ROOT
from local.install.tools import TOOLS, Tools
from tests.support.tools.tiny_wheel import install_from, wheel

TINY = ".venv/bin/tiny"


class Clone:
    """A clone of the project whose only package is tiny."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def lock(self, word: str) -> None:
        """Write a lock file of the package that says `word`."""
        (self.place / "requirements.lock").write_text(
            wheel(self.place.parent / "wheels", f"WORD = {word!r}\n")
        )

    def make(self, *words: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
        """Make .venv, with `path` before which programs are looked for."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return subprocess.run(  # noqa: S603 - the project's own target
            ["make", "--silent", ".venv/.ready", *words],  # noqa: S607
            cwd=self.place,
            env={**kept, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    def says(self) -> str:
        """What the program of the package says."""
        program = [str(self.place / TINY)]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own program


def linked(source: str, target: str) -> None:
    """Have a file at `target`, too, without its bytes where that can be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A fresh clone; pip and uv are those of this one."""
    if Tools(print).uv() is None:
        pytest.skip("uv is not to be had on this machine")
    place = tmp_path / "clone"
    shutil.copytree(TOOLS, place / ".local" / "tools", symlinks=True, copy_function=linked)
    shutil.copy(ROOT / "Makefile", place)
    for folder in ("", "install"):
        (place / "local" / folder).mkdir()
        for file in (ROOT / "local" / folder).glob("*.py"):
            shutil.copy(file, place / "local" / folder)
    shutil.copy(ROOT / "local" / "requirements-uv.lock", place / "local")
    install_from(tmp_path / "wheels", tmp_path / "cache", monkeypatch)
    # The Python that has made the tools of this clone.
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python3").symlink_to(getattr(sys, "_base_executable", sys.executable))
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    made = Clone(place)
    made.lock("first")
    return made


def path(*folders: Path) -> str:
    """A PATH with these folders first."""
    return ":".join([*map(str, folders), os.environ["PATH"]])


def test_with_the_environment_activated_a_changed_lock_file_makes_it_anew(clone: Clone) -> None:
    assert clone.make(path=path()).returncode == 0
    clone.lock("second")

    done = clone.make(path=path(clone.place / ".venv" / "bin"))

    assert (done.returncode, clone.says()) == (0, "second"), done.stderr


def test_an_environment_of_the_users_own_stays_and_it_is_said_how_to_go_on(clone: Clone) -> None:
    theirs = clone.place / ".venv" / "lib" / "theirs.py"
    theirs.parent.mkdir(parents=True)
    theirs.touch()

    done = clone.make(path=path())

    assert done.returncode != 0
    assert f"{clone.place}/.venv is in the way" in done.stderr
    assert f"`rm -r {clone.place}/.venv`" in done.stderr
    assert "Traceback" not in done.stderr
    assert theirs.exists()


def test_a_clone_that_was_moved_makes_its_environment_anew(clone: Clone) -> None:
    clone.make(path=path())
    moved = Clone(clone.place.rename(clone.place.with_name("moved")))

    done = moved.make(path=path())

    assert "is ready" in done.stderr
    assert moved.says() == "first"


def test_a_python_that_is_named_is_asked_although_the_environment_is_there(
    clone: Clone, tmp_path: Path
) -> None:
    clone.make(path=path())
    named = tmp_path / "named"
    named.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexec python3 "$@"\n')
    named.chmod(0o755)

    assert clone.make(f"PYTHON={named}", path=path()).returncode == 0

    assert "-m local.environments" in (tmp_path / "asked").read_text()


def test_an_environment_that_is_there_is_left_as_it_is(clone: Clone) -> None:
    clone.make(path=path())
    done = clone.make(path=path())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
