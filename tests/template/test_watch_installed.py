"""The command that watches installs from the repository as it stands, by its wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.template.provider_template import ROOT


def run(*argv: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program that must succeed; return what it printed."""
    done = subprocess.run(  # noqa: S603 - pip and what it installed
        [str(one) for one in argv],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend that pyproject.toml pins."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_command_and_nothing_of_the_rest(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"cfn_mlflow_watch"}


def test_installed_with_what_it_declares_the_command_runs(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", environment, cwd=tmp_path)
    run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)

    said = run(environment / "bin" / "cfn-mlflow-watch", "--help", cwd=tmp_path)

    assert said.startswith("usage: cfn-mlflow-watch")
