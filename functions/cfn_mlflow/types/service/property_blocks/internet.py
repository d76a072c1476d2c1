"""Do CIDR blocks admit the Internet?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

MOST_PUBLIC_ADDRESSES = 2**24
"""The addresses of a /8 block. Only the Internet as a whole has more."""

_NOT_PUBLIC = tuple(
    map(
        ipaddress.IPv4Network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
         "192.168.0.0/16", "224.0.0.0/3"),
    )
)  # fmt: skip


def is_the_internet(blocks: Iterable[str]) -> bool:
    """Return whether CIDR blocks admit more public addresses than any one organization has."""
    public = 0
    for block in ipaddress.collapse_addresses(_networks(blocks)):
        inside = sum(other.num_addresses for other in _NOT_PUBLIC if other.subnet_of(block))
        within = any(block.subnet_of(other) for other in _NOT_PUBLIC)
        public += 0 if within else block.num_addresses - inside
    return public > MOST_PUBLIC_ADDRESSES


def _networks(blocks: Iterable[str]) -> Iterable[ipaddress.IPv4Network]:
    for block in blocks:
        try:
            yield ipaddress.IPv4Network(block)
        except ValueError:
            continue  # a fault that is reported elsewhere, or accepted
