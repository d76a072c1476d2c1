"""Two commands at once on one local AWS: the second waits for the first, and says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from local import __main__ as terminal
from local import env_file, environments, status
from local.aws import LocalAws
from local.environments import ROOT
from local.install import stamp
from tests.support.local_aws.fake_local_aws import running
from tests.support.waiting import until

# Holds the lock that a start holds, until it is told to go on.
HOLDER = """
import sys
from pathlib import Path
from local.aws import LocalAws
with LocalAws(state=Path(sys.argv[1])).alone():
    print("held", flush=True)
    input()
"""
WAITS = "Another process is starting or ending the local AWS here; waiting for it"


class Starting:
    """A process that starts a local AWS in the folder `state`, for as long as the test wants."""

    def __init__(self, process: subprocess.Popen[str], state: Path) -> None:
        self.state = state
        self._process = process

    def end(self) -> None:
        """Let it be through, with its lock released."""
        _pipe(self._process.stdin).close()
        self._process.wait(60)


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None
    return end


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Starting]:
    """A start in another terminal, in the middle of it."""
    state = tmp_path / "run"
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLDER, str(state)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert _pipe(process.stdout).readline() == "held\n"
        yield Starting(process, state)
        process.kill()


@pytest.fixture
def beside() -> Iterator[Callable[[Callable[[], object]], threading.Thread]]:
    """Begins something beside the test, and waits for its end."""
    begun: list[threading.Thread] = []

    def begin(what: Callable[[], object]) -> threading.Thread:
        begun.append(threading.Thread(target=what, daemon=True))
        begun[-1].start()
        return begun[-1]

    yield begin
    for thread in begun:
        thread.join(60)


Beside = Callable[[Callable[[], object]], threading.Thread]


def test_a_stop_during_a_start_waits_for_it_and_empties_nothing_before(
    starting: Starting, beside: Beside
) -> None:
    settings = starting.state / "settings.json"
    settings.write_text("{}")
    told: list[str] = []

    stopping = beside(LocalAws(state=starting.state, say=told.append).stop)
    until(lambda: told, what="the stop to say what it waits for")

    assert told == [WAITS]
    assert settings.exists()
    starting.end()
    stopping.join(60)
    assert [entry.name for entry in starting.state.iterdir()] == ["logs"]


@pytest.fixture
def emulator(starting: Starting) -> Iterator[Path]:
    """The folder of the local AWS that the other start has begun."""
    with running(starting.state, 4566):
        yield starting.state


def test_a_second_start_waits_for_the_first_and_says_that_one_runs(
    starting: Starting,
    emulator: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    beside: Beside,
) -> None:
    (emulator / "ready.json").rename(emulator / "not-ready-yet")
    asked: list[str] = []
    said: list[str] = []

    def deployed(_: LocalAws) -> bool:
        asked.append("asked")
        return True

    def said_so_far() -> str:
        said.append(capsys.readouterr().err)
        return "".join(said)

    monkeypatch.setattr("local.aws.DEFAULT_STATE", emulator)
    monkeypatch.setattr("sys.argv", ["local", "start"])
    monkeypatch.setattr(environments, "prepare", lambda *_, **__: None)
    monkeypatch.setattr(status, "provider_deployed", deployed)
    monkeypatch.setattr(env_file, "write", lambda _: None)
    monkeypatch.setattr(LocalAws, "deploy_provider", lambda *_, **__: asked.append("deployed"))
    second = beside(terminal.main)
    until(said_so_far, lambda err: WAITS in err, "the second to say what it waits for")
    assert asked == []
    (emulator / "not-ready-yet").rename(emulator / "ready.json")
    starting.end()
    second.join(60)

    assert "A local AWS runs already at http://127.0.0.1:4566" in capsys.readouterr().out
    assert asked == ["asked"]


def test_who_waited_for_a_folder_that_was_removed_locks_the_new_one(
    starting: Starting, beside: Beside
) -> None:
    locked, through = threading.Event(), threading.Event()
    told: list[str] = []

    def wait_for_it() -> None:
        with stamp.alone_in(starting.state, "cleaning", told.append):
            locked.set()
            through.wait(60)

    beside(wait_for_it)
    until(lambda: told, what="the second to wait")
    shutil.rmtree(starting.state)
    starting.end()

    assert locked.wait(60)
    assert stamp.try_alone(starting.state) is None
    through.set()
