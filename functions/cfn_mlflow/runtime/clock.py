"""How long a request has: when it began, when it must be answered, how often to look."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

URL_LIFETIME = 7200
"""CloudFormation signs a ResponseURL for two hours, in seconds."""
RESERVE = 120
"""Seconds kept at the end of a request for its answer to arrive in time."""
SHORTEST_MARGIN, LONGEST_MARGIN, MARGIN_SHARE = 8.0, 60.0, 0.2
FIRST_INTERVAL, LONGEST_INTERVAL, GROWTH = 2.0, 10.0, 1.5


@dataclass(frozen=True)
class Clock:
    """The time now, in seconds since the epoch, and the way to let some pass."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def signed_at(response_url: str) -> float | None:
    """Return when CloudFormation signed the URL, in seconds since the epoch; None if it says not.

    Reads `X-Amz-Date` of a version 4 signature, else `Expires` of a version 2 one.
    """
    query = parse_qs(urlsplit(response_url).query)
    try:
        if "X-Amz-Date" in query:
            signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
            return signed.replace(tzinfo=UTC).timestamp()
        return float(int(query["Expires"][0])) - URL_LIFETIME
    except (KeyError, ValueError):
        return None


def started_at(response_url: str, first_seen: float) -> float:
    """Return when the request began, in seconds since the epoch.

    A URL that claims to be signed later than it was seen, or has no date, counts from then.
    """
    signed = signed_at(response_url)
    return first_seen if signed is None else min(signed, first_seen)


def deadline(response_url: str, first_seen: float, service_timeout: int) -> float:
    """Return by when the request must be answered, in seconds since the epoch."""
    return started_at(response_url, first_seen) + span(service_timeout)


def span(service_timeout: int) -> float:
    """Return for how long a request is worked on, in seconds."""
    return max(service_timeout - RESERVE, service_timeout / 2)


def margin(function_timeout: float) -> float:
    """Return how long before its function's timeout an invocation stops looking, in seconds.

    A function of less than 16 s looks for half of its time: else it would only hand on.
    """
    share = min(LONGEST_MARGIN, function_timeout * MARGIN_SHARE)
    return min(max(SHORTEST_MARGIN, share), function_timeout / 2)


@dataclass
class Pace:
    """How long to wait before the next look: little after a change, longer while nothing moves."""

    interval: float = field(default=FIRST_INTERVAL, init=False)

    def next(self, *, changed: bool) -> float:
        """Return the seconds until the next look."""
        grown = min(self.interval * GROWTH, LONGEST_INTERVAL)
        self.interval = FIRST_INTERVAL if changed else grown
        return self.interval
