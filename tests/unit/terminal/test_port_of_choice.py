"""PORT: what cannot be taken is refused in a sentence that names it and says what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

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


@pytest.mark.parametrize("command", ["start", "stop", "status", "env"])
def test_a_command_with_a_port_that_is_no_number_says_so_without_a_traceback(command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "local", command],
        cwd=ROOT,
        env={"PORT": "many", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("PORT is 'many', and a port is a number")
    assert done.stderr.count("\n") == 1
