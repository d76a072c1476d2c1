"""`make demo` shows all it promises; stopped on its way it says so and leaves nothing running."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.__main__ import DEMO_STATE, INTERRUPTED
from local.environments import ROOT
from tests.support.waiting import PATIENCE_SECONDS

STACK_BEGINS = "a stack with one Custom::MLflow"
DEMO = """
import runpy, signal
# A shell starts what runs in its background with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("demo", run_name="__main__")
"""


@pytest.fixture(scope="module", autouse=True)
def alone() -> Iterator[None]:
    """A clone has one place for its demo: two runs of these tests take turns."""
    with (ROOT / ".local" / "demo-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """A demo that has begun to make its stack."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", DEMO],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert any(STACK_BEGINS in line for line in process.stdout)
    yield process
    process.kill()
    process.communicate()


def emulator_pid() -> int:
    ready = json.loads((DEMO_STATE / "ready.json").read_text())
    return int(ready["pid"])


def runs(pid: int) -> bool:
    """Whether the emulator runs as process `pid`; of one that nobody fetched no words are left."""
    try:
        return b"local.emulator" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_ctrl_c_ends_it_and_the_local_aws(demo: subprocess.Popen[str]) -> None:
    emulator = emulator_pid()
    assert runs(emulator)

    demo.send_signal(signal.SIGINT)
    said, _ = demo.communicate(timeout=PATIENCE_SECONDS)

    assert demo.returncode == INTERRUPTED
    assert said.endswith("Stopped; nothing is left running.\n")
    assert "Traceback" not in said
    assert not runs(emulator)


def test_the_end_of_the_local_aws_is_said_in_words(demo: subprocess.Popen[str]) -> None:
    os.kill(emulator_pid(), signal.SIGKILL)
    said, _ = demo.communicate(timeout=PATIENCE_SECONDS)

    assert demo.returncode == 1
    assert "Not shown: " in said
    assert "Traceback" not in said


def test_to_its_end_it_shows_all_and_leaves_nothing_but_mlflows_keys() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "nothing of it is left but the secret with MLflow's keys, on purpose" in done.stdout
