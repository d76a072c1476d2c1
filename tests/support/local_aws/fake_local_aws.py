"""A process that is taken for the local AWS of a state folder, without the seconds of a start."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws import LocalAws
from local.launch.process import SETTINGS_FILE
from local.launch.state_folder import PROXY_FILE
from tests.support.waiting import until

PROXY = "http://127.0.0.1:8"


@contextmanager
def running(state: Path, port: int) -> Iterator[LocalAws]:
    """Let something run that looks like a local AWS in the folder `state`, at `port`."""
    state.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-c", "import time; time.sleep(600)", str(state / SETTINGS_FILE)]
    with subprocess.Popen(argv) as process:  # noqa: S603 - this Python, asleep
        until(Path(f"/proc/{process.pid}/cmdline").read_bytes, what="the process to show its words")
        ready = {"pid": process.pid, "port": port, "mark": {}}
        (state / "ready.json").write_text(json.dumps(ready))
        (state / PROXY_FILE).write_text(PROXY)
        yield LocalAws(state=state)
        process.kill()
