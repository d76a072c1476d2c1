"""PORT: what cannot be taken is refused in a sentence that names it and says what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import __main__ as terminal
from local import ports
from local.environments import ROOT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which something listens."""
    with socket.socket() as listener:
        listener.bind((ports.ADDRESS, 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize(("text", "port"), [("", 0), (" ", 0), ("0", 0), ("4566", 4566)])
def test_a_port_is_a_number_and_none_is_any(text: str, port: int) -> None:
    assert ports.parse(text) == port


@pytest.mark.parametrize("text", ["abc", "-1", "65536", "45.66", "4566 4567", "٤٥"])
def test_what_is_no_port_is_named_with_an_example(text: str) -> None:
    with pytest.raises(ports.PortError) as refused:
        ports.parse(text)
    assert text in str(refused.value)
    assert "PORT=4566" in str(refused.value)


def test_a_port_in_use_is_named_with_what_to_do(taken: int) -> None:
    with pytest.raises(ports.PortError, match=f"PORT {taken} is used by another program: choose"):
        ports.check(taken)


def test_a_free_port_and_any_port_can_be_taken(taken: int) -> None:
    ports.check(0)
    with socket.socket() as probe:
        probe.bind((ports.ADDRESS, 0))
        free = probe.getsockname()[1]
    assert free != taken
    ports.check(free)


def test_a_start_with_a_port_that_is_no_number_says_so_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "start"],
        cwd=ROOT,
        env={"PORT": "many", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("PORT is 'many', and a port is a number")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project in which no local AWS runs."""
    monkeypatch.setattr("local.aws.DEFAULT_STATE", tmp_path / "run")
    monkeypatch.setattr("local.env_file.FILE", tmp_path / "env")


SAID = {
    "stop": (0, "No local AWS runs that `make local`"),
    "status": (terminal.NOT_RUNNING, "The local AWS does not run"),
    "env": (1, "The local AWS is not running; `make local` starts it."),
}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("command", SAID)
@pytest.mark.parametrize("port", ["3000", "tcp://10.0.0.7:80"])
def test_a_command_that_takes_no_port_goes_past_that_of_another_program(
    command: str, port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["local", command])
    monkeypatch.setenv("PORT", port)

    code = terminal.main()

    said = capsys.readouterr()
    assert (code, SAID[command][1] in said.out + said.err) == (SAID[command][0], True)
