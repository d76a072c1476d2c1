"""Loopback addresses instead of the network interfaces of a VPC, and the names that point to them.

Each run of the local AWS claims a block N, so that two runs at once do not meet: tasks and
databases have 127.77.N.x, load balancers 127.78.N.x. Linux answers on all of 127.0.0.0/8 without
any set-up.
"""

import itertools
import json
import socket
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

_CLAIM_PORT = 47077
_HOSTS = range(2, 255)


class Addresses:
    """The addresses of one claimed block; the claim ends with the process."""

    def __init__(self) -> None:
        self.block, self._claim = _claim_block()
        self._lock = threading.Lock()
        self._in_use: set[str] = set()
        # Round and round, so that an address rests before its next use.
        self._vpc = itertools.cycle(f"127.77.{self.block}.{host}" for host in _HOSTS)
        self._edge = itertools.cycle(f"127.78.{self.block}.{host}" for host in _HOSTS)

    @property
    def own(self) -> str:
        """The address of the local AWS itself inside the block."""
        return f"127.77.{self.block}.1"

    def in_vpc(self) -> str:
        """Return a free address for a task or a database."""
        return self._next(self._vpc)

    def of_load_balancer(self) -> str:
        """Return a free address for a load balancer."""
        return self._next(self._edge)

    def release(self, address: str) -> None:
        """Give `address` back."""
        with self._lock:
            self._in_use.discard(address)

    def _next(self, candidates: "itertools.cycle[str]") -> str:
        with self._lock:
            for _ in _HOSTS:
                address = next(candidates)
                if address not in self._in_use:
                    self._in_use.add(address)
                    return address
        raise RuntimeError(f"Block {self.block} has no free address left.")


def _claim_block() -> tuple[int, socket.socket]:
    for block in range(1, 255):
        claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            # Bound without SO_REUSEADDR: the kernel frees it when we die, however we die.
            claim.bind((f"127.77.{block}.1", _CLAIM_PORT))
        except OSError:
            claim.close()
        else:
            return block, claim
    raise RuntimeError("254 local AWSs are running: no block of loopback addresses is free.")


@dataclass(frozen=True)
class Place:
    """Where a name leads: an address, and the ports that had to be moved (asked -> real)."""

    address: str
    ports: dict[int, int] = field(default_factory=dict)

    def port(self, asked: int) -> int:
        """Return the real port for the port `asked`."""
        return self.ports.get(asked, asked)


class Names:
    """What DNS is to a VPC: AWS-shaped names of databases and load balancers, whatever the case.

    `file` always holds them as JSON, for the launcher: `{name: {address, ports: {asked: real}}}`.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._places: dict[str, Place] = {}

    def put(self, name: str, place: Place) -> None:
        """Let `name` lead to `place`."""
        with self._lock:
            self._places[name.lower()] = place
            self._write()

    def remove(self, name: str) -> None:
        """Forget `name`."""
        with self._lock:
            self._places.pop(name.lower(), None)
            self._write()

    def find(self, name: str) -> Place | None:
        """Return where `name` leads, or None if it is unknown."""
        with self._lock:
            return self._places.get(name.lower())

    def all(self) -> dict[str, Place]:
        """Return a copy of all names, in lower case."""
        with self._lock:
            return dict(self._places)

    def _write(self) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({name: asdict(place) for name, place in self._places.items()}))
        new.rename(self._file)
