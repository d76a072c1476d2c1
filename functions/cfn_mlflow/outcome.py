"""What one look at a resource can come to: the one vocabulary that every layer shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REASON_BYTES = 400
"""A reason is what a person reads in a stack event: what, why, the next step; in UTF-8 bytes."""


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


class PermanentError(Exception):
    """Not possible at all: the message says what, why and the next step."""
