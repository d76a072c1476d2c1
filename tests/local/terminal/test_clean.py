"""`make clean`: gives the disk back, tells how much, and takes nothing from under what runs."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from local import clean
from local.aws import LocalAws
from local.install import stamp
from tests.support.waiting import until


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with what has been installed for it, and a file of its own."""
    tmp_path = tmp_path / "project"
    tmp_path.mkdir()
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    monkeypatch.setattr(clean, "LOCAL", tmp_path / ".local")
    environment = tmp_path / ".local" / "environments" / "emulator" / "bin"
    environment.mkdir(parents=True)
    (environment / "data").write_bytes(b"x" * 3_000_000)
    stamp.begin(tmp_path / ".venv")
    stamp.write(tmp_path / ".venv", "a lock file")
    (tmp_path / ".venv" / "linked").hardlink_to(environment / "data")
    (tmp_path / "Makefile").write_text("help:\n")
    return tmp_path


def test_all_that_was_installed_goes_and_a_shared_file_counts_once(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clean.main() == 0
    assert [path.name for path in project.iterdir()] == ["Makefile"]
    assert capsys.readouterr().out.startswith("Removed .local, .venv: 3 MB of disk are free again")


def test_a_second_time_there_is_nothing_to_remove(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean.main()
    capsys.readouterr()
    assert clean.main() == 0
    assert "Nothing to remove" in capsys.readouterr().out
    assert project.exists()


PYTHONS = (
    ".local/environments/emulator/bin/python",
    ".local/tools/bin/python",
    ".venv/bin/python",
)


@pytest.mark.parametrize("program", PYTHONS)
@pytest.mark.parametrize(
    "called", ["by its whole path", "from the project's folder", "by its name"]
)
def test_what_a_process_runs_on_is_left_and_the_process_is_named(
    project: Path, capsys: pytest.CaptureFixture[str], program: str, called: str
) -> None:
    python = project / program
    python.parent.mkdir(parents=True, exist_ok=True)
    python.symlink_to(sys.executable)
    word = {"by its path": str(python), "by its name": "python"}.get(called, program)
    running = subprocess.Popen(  # noqa: S603 - our own program
        [word, "-c", "input()"],
        cwd=project,
        env={"PATH": f"{python.parent}:/usr/bin:/bin"},
        stdin=subprocess.PIPE,
    )
    until(Path(f"/proc/{running.pid}/cmdline").read_bytes, what="the process to show its program")
    try:
        assert clean.main() == 1
        assert f"{running.pid}: python -c input()" in capsys.readouterr().err
        assert python.exists()
    finally:
        running.communicate()


@pytest.mark.parametrize(
    "lock",
    [".venv.lock", ".local/tools.lock", ".local/environments/images/one.lock", ".local/build/lock"],
)
def test_while_another_process_holds_a_lock_nothing_is_removed(
    project: Path, capsys: pytest.CaptureFixture[str], lock: str
) -> None:
    (project / lock).parent.mkdir(parents=True, exist_ok=True)
    with (project / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert clean.main() == 1
        assert "Another process installs, starts or builds" in capsys.readouterr().err
        assert (project / lock).exists()
        assert (project / ".venv").exists()
    assert clean.main() == 0
    assert not (project / lock).exists()


def test_a_local_aws_that_is_being_started_keeps_its_folder(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = project / ".local" / "run"
    with LocalAws(state=state).alone():
        assert clean.main() == 1
    assert "Another process installs, starts or builds" in capsys.readouterr().err
    assert state.exists()


def test_an_environment_that_is_not_of_the_project_stays_and_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (stamp.FILE, stamp.BEGUN_FILE):
        (project / ".venv" / name).unlink()
    assert clean.main() == 0
    assert ".venv stays: it was not made by this project." in capsys.readouterr().out
    assert (project / ".venv" / "linked").exists()
    assert not (project / ".local").exists()


def test_of_a_link_the_folder_is_emptied_that_it_leads_to(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (project / ".local").rename(elsewhere)
    (project / ".local").symlink_to(elsewhere)
    assert clean.main() == 0
    assert list(elsewhere.iterdir()) == []
    assert not (project / ".local").is_symlink()
