"""`make clean`: gives the disk back, tells how much, and takes nothing from under what runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local import clean
from tests.waiting import until


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with what has been installed for it, and a file of its own."""
    monkeypatch.setattr(clean, "ROOT", tmp_path)
    monkeypatch.setattr(clean, "LOCAL", tmp_path / ".local")
    environment = tmp_path / ".local" / "environments" / "emulator" / "bin"
    environment.mkdir(parents=True)
    (environment / "data").write_bytes(b"x" * 3_000_000)
    (tmp_path / ".venv").mkdir()
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


def test_what_a_process_runs_on_is_left_and_the_process_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = project / ".local" / "environments" / "emulator" / "bin" / "python"
    python.symlink_to(sys.executable)
    running = subprocess.Popen([str(python), "-c", "input()"], stdin=subprocess.PIPE)  # noqa: S603 - our own program
    until(Path(f"/proc/{running.pid}/cmdline").read_bytes, what="the process to show its program")
    try:
        assert clean.main() == 1
        assert str(running.pid) in capsys.readouterr().err
        assert python.exists()
    finally:
        running.communicate()
