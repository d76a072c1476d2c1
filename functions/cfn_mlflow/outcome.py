"""What one look at a resource can come to: the one vocabulary that every layer shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REASON_BYTES = 400
"""A reason is what a person reads in a stack event: what, why, the next step; in UTF-8 bytes."""

FAULTS_BYTES = 2000
"""Several faults are told together, so that one deploy mends all: some twenty of them.

The answer has 4,096 bytes, and repeats four ids of up to 1,024.
"""


@dataclass(frozen=True)
class Done:
    """The resource is as asked (or gone): its attributes, as last read from AWS."""

    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Waiting:
    """Not there yet: what is waited for and its state, such as `database instance`: `creating`."""

    waits: Mapping[str, str]


@dataclass(frozen=True)
class Failed:
    """It cannot get there: what, why and the next step."""

    reason: str


Outcome = Done | Waiting | Failed


class TemporaryError(Exception):
    """Not possible right now (throttled, not yet consistent, still modifying): look again."""


class OutdatedError(TemporaryError):
    """What the graph was made from does not hold any more: look anew, and make another graph."""


class PermanentError(Exception):
    """Not possible at all: the message says what, why and the next step."""


class FaultsError(PermanentError):
    """Several faults of one request, the most important first; nothing has been changed."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(_joined(self.faults))


class InvalidProperties(FaultsError):  # noqa: N818 - named for what it is to the user
    """Every fault of one request's properties; nothing was changed."""


class RefusedChanges(FaultsError):  # noqa: N818 - named for what it is to the user
    """Every change that is asked and cannot be had without losing something."""


class NotShared(RefusedChanges):
    """What the properties name and may not be used, and nothing else is refused."""


def _joined(faults: Sequence[str]) -> str:
    """Join the faults in FAULTS_BYTES: as many whole as fit, then how many more there are."""
    for told in range(len(faults), 0, -1):
        rest = len(faults) - told
        text = "; ".join(faults[:told]) + (f"; and {rest} more, see the log" if rest else "")
        if len(text.encode()) <= FAULTS_BYTES:
            return text
    more = f"; and {len(faults) - 1} more, see the log" if len(faults) > 1 else ""
    cut = faults[0].encode()[: FAULTS_BYTES - 40].decode(errors="ignore")
    return f"{cut}...{more}"
