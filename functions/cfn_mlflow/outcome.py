"""The possible outcomes of one step of a request. Every room shares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cfn_mlflow.reason import Reason

REASON_BYTES = 400
"""The most UTF-8 bytes of what a person reads in a stack event, its code with it."""

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
class Cause:
    """Why something failed or is refused: the code; in words what, why, and what to do next."""

    reason: Reason
    words: str

    def __str__(self) -> str:
        return f"{self.reason.prefix}{self.words}"


class Failed(Cause):
    """It cannot get there."""


Outcome = Done | Waiting | Failed


class TemporaryError(Exception):
    """Not possible right now: throttled, not consistent yet, or still changing. Try again."""


class OutdatedError(TemporaryError):
    """The facts that the graph was made from have changed. Read them again, make a new graph."""


class PermanentError(Exception):
    """Not possible at all. The words say what failed, why, and what to do next."""

    def __init__(self, reason: Reason, words: str) -> None:
        self.reason = reason
        self.words = words
        super().__init__(reason, words)

    def __str__(self) -> str:
        return self.words


class FaultsError(PermanentError):
    """Several faults of one request, the most important first. Nothing was changed.

    The error has the code of the first. Where the others differ, each begins with its own.
    """

    def __init__(self, causes: Sequence[Cause]) -> None:
        self.causes = tuple(causes)
        first = self.causes[0].reason
        super().__init__(first, _joined(self.faults, first.prefix))

    @property
    def faults(self) -> tuple[str, ...]:
        """Return each fault in words, with its code where they have several."""
        several = len({cause.reason for cause in self.causes}) > 1
        return tuple(str(cause) if several else cause.words for cause in self.causes)


class InvalidProperties(FaultsError):  # noqa: N818 - named for what it is to the user
    """Every fault of a request's properties. Nothing was changed."""


class RefusedChanges(FaultsError):  # noqa: N818 - named for what it is to the user
    """Every change that the properties ask for and that would lose something."""


class NotShared(RefusedChanges):
    """The properties name objects that their owners do not share. No other fault was found."""


def _joined(faults: Sequence[str], prefix: str) -> str:
    """Join as many whole faults as fit in FAULTS_BYTES behind the prefix, and count the rest."""
    room = FAULTS_BYTES - len(prefix.encode())
    for told in range(len(faults), 0, -1):
        rest = len(faults) - told
        text = "; ".join(faults[:told]) + (f"; and {rest} more, see the log" if rest else "")
        text = text.removeprefix(prefix)
        if len(text.encode()) <= room:
            return text
    more = f"; and {len(faults) - 1} more, see the log" if len(faults) > 1 else ""
    first = faults[0].removeprefix(prefix)
    cut = first.encode()[: room - 40].decode(errors="ignore")
    return f"{cut}...{more}"
