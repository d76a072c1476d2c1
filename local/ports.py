"""The port that a person chooses for the local AWS, and what is wrong with it."""

import errno
import os
import socket

ADDRESS = "127.0.0.1"
LARGEST = 65535

_ANY = "or leave PORT out and take any that is free"


class PortError(ValueError):
    """The port cannot be taken; the text says why and what to do."""


def parse(text: str) -> int:
    """Return the port that PORT names; 0, for any that is free, if it is empty."""
    if not text.strip():
        return 0
    if not text.strip().isascii() or not text.strip().isdecimal() or not int(text) <= LARGEST:
        raise PortError(
            f"PORT is {text!r}, and a port is a number up to {LARGEST}: "
            f"say PORT=4566, for example, {_ANY}."
        )
    return int(text)


def check(port: int) -> None:
    """Raise PortError if nothing can listen at `port` now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
            # Another listener that allows its address to be used again shows only here.
            listener.listen(1)
        except OSError as error:
            raise PortError(_why(port, error)) from error


def _why(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {port} is used by another program: choose another, {_ANY}."
    if error.errno == errno.EACCES:
        return f"PORT {port} is for the system's own programs: choose one from 1024 on, {_ANY}."
    return f"PORT {port} cannot be used ({os.strerror(error.errno or 0)}): choose another, {_ANY}."
