"""What a process is started with, and how it is sent: JSON, with the files beside it."""

import json
import socket
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST = 192 * 1024
"""Bytes of a message; a socket takes no longer one at once."""
_MOST_FILES = 64


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a connection on which each message stays one."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class TooLongError(ValueError):
    """An order that does not fit into one message."""


@dataclass(frozen=True)
class Order:
    """A command with its surroundings; `files` are the numbers that its open files get."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    files: list[int]
    new_session: bool = False
    group: int = -1
    """The process group to enter, 0 for one of its own, -1 for that of its parent."""
    ignored: list[int] = field(default_factory=list)
    """Signals that its parent ignores, for a new program would, too."""


def send(to: socket.socket, order: Order, files: list[int]) -> None:
    """Send an order with its open files. Raises TooLongError."""
    message = json.dumps(asdict(order)).encode()
    if len(message) > LONGEST:
        raise TooLongError(f"{len(message)} bytes")
    socket.send_fds(to, [message], files)


def receive(from_: socket.socket) -> tuple[Order, list[int]] | None:
    """Return the next order and its files; None when nobody is left to send one."""
    message, files, _flags, _address = socket.recv_fds(from_, LONGEST + 1, _MOST_FILES)
    if not message:
        return None
    return Order(**json.loads(message)), files


def answer(to: socket.socket, **said: Any) -> None:
    """Send an answer."""
    to.sendall(json.dumps(said).encode())


def read_answer(from_: socket.socket) -> dict[str, Any] | None:
    """Return the next answer, None if there will be none."""
    message = from_.recv(LONGEST)
    if not message:
        return None
    found: dict[str, Any] = json.loads(message)
    return found
