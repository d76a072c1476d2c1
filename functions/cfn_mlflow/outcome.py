"""The possible outcomes of one step of a request. Every room shares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REASON_BYTES = 400
"""The most UTF-8 bytes of a reason, which a person reads in a stack event.

A reason says what failed, why, and what to do next.
"""

FAULTS_BYTES = 2000
"""The most UTF-8 bytes of a reason with several faults: room for about twenty.

All faults are in one reason, so that the user can correct all of them in one deploy. An answer has
4,096 bytes, and repeats four ids of up to 1,024 bytes each.
"""


@dataclass(frozen=True)
class Done:
    """The resource is as its properties ask, or is deleted. The attributes are fresh from AWS."""

    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Waiting:
    """The request waits for objects, each with its state: `database instance`: `creating`."""

    waits: Mapping[str, str]


@dataclass(frozen=True)
class Failed:
    """The request failed. The reason says what failed, why, and what to do next."""

    reason: str


Outcome = Done | Waiting | Failed


class TemporaryError(Exception):
    """Not possible right now: throttled, not consistent yet, or still changing. Try again."""


class OutdatedError(TemporaryError):
    """The facts that the graph was made from have changed. Read them again, make a new graph."""


class PermanentError(Exception):
    """Not possible at all. The message says what failed, why, and what to do next."""


class FaultsError(PermanentError):
    """Several faults of one request, the most important first. Nothing was changed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(_joined(self.faults))


class InvalidProperties(FaultsError):  # noqa: N818 - named for what it is to the user
    """Every fault of a request's properties. Nothing was changed."""


class RefusedChanges(FaultsError):  # noqa: N818 - named for what it is to the user
    """Every change that the properties ask for and that would lose something."""


class NotShared(RefusedChanges):
    """The properties name objects that their owners do not share. No other fault was found."""


def _joined(faults: Sequence[str]) -> str:
    """Join as many whole faults as fit in FAULTS_BYTES, and count the rest."""
    for told in range(len(faults), 0, -1):
        rest = len(faults) - told
        text = "; ".join(faults[:told]) + (f"; and {rest} more, see the log" if rest else "")
        if len(text.encode()) <= FAULTS_BYTES:
            return text
    more = f"; and {len(faults) - 1} more, see the log" if len(faults) > 1 else ""
    cut = faults[0].encode()[: FAULTS_BYTES - 40].decode(errors="ignore")
    return f"{cut}...{more}"
