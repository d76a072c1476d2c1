"""Two demos in one folder: the second one says that the first one runs, and leaves it alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import demo.__main__ as demo
from local import environments
from tests.waiting import until


@pytest.fixture
def first(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is taken for the first demo's local AWS."""
    argv = [sys.executable, "-c", "import time; time.sleep(600)", str(tmp_path / "settings.json")]
    with subprocess.Popen(argv) as process:  # noqa: S603 - this Python, asleep
        until(Path(f"/proc/{process.pid}/cmdline").read_bytes, what="the process to show its words")
        ready = {"pid": process.pid, "port": 4566, "mark": {}}
        (tmp_path / "ready.json").write_text(json.dumps(ready))
        yield process
        process.kill()


def test_a_second_demo_is_refused_and_the_first_one_runs_on(
    first: subprocess.Popen[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo, "DEMO_STATE", tmp_path)
    monkeypatch.setattr(environments, "prepare", lambda *_, **__: None)
    monkeypatch.delenv("KEEP", raising=False)

    assert demo.main() == 1

    assert "A local AWS is running already: http://127.0.0.1:4566" in capsys.readouterr().err
    assert first.poll() is None
    assert (tmp_path / "ready.json").exists()
