"""The command that watches installs from the repository as it stands, as its page says."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from local.environments import to_terminal
from local.install.tools import Tools
from tests.support.template.provider_template import ROOT


@pytest.fixture(scope="module")
def tools() -> Tools:
    return Tools(to_terminal)


def uv(tools: Tools, *arguments: str | Path, cwd: Path) -> str:
    """Run uv, which must succeed; return what was printed."""
    program = tools.uv()
    assert program is not None, "uv is not to be had here"
    done = subprocess.run(  # noqa: S603 - uv, and what it installs from this folder
        [str(program), *(str(one) for one in arguments)],
        cwd=cwd,
        env={**tools.uv_environment(), "UV_TOOL_DIR": str(cwd / "tools")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_command_and_nothing_of_the_rest(tools: Tools, tmp_path: Path) -> None:
    uv(tools, "build", "--wheel", "--out-dir", tmp_path, ROOT, cwd=tmp_path)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"cfn_mlflow_watch"}


def test_uvx_runs_the_command_from_the_repository(tools: Tools, tmp_path: Path) -> None:
    asked = ("tool", "run", "--from", ROOT, "cfn-mlflow-watch", "--help")

    said = uv(tools, *asked, cwd=tmp_path)

    assert said.startswith("usage: cfn-mlflow-watch")
