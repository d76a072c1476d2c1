"""The time of a request: when it began, when it must be answered, and the pace of its steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

URL_LIFETIME = 7200
"""CloudFormation signs a ResponseURL for two hours, in seconds."""
RESERVE = 120
"""Seconds kept at the end of a request, so that its answer arrives in time."""
SHORTEST_MARGIN, LONGEST_MARGIN, MARGIN_SHARE = 8.0, 60.0, 0.2
FIRST_INTERVAL, LONGEST_INTERVAL, GROWTH = 2.0, 10.0, 1.5


@dataclass(frozen=True)
class Clock:
    """`now` returns the time in seconds since the epoch; `sleep` waits for so many seconds."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def signed_at(response_url: str) -> float | None:
    """Return when CloudFormation signed the URL, in seconds since the epoch.

    The time is in `X-Amz-Date` of a version 4 signature, or follows from `Expires` of a version 2
    signature. Return None if the URL has neither.
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

    `first_seen` counts if the URL has no date, or a later one than `first_seen`.
    """
    signed = signed_at(response_url)
    return first_seen if signed is None else min(signed, first_seen)


def deadline(response_url: str, first_seen: float, service_timeout: int) -> float:
    """Return the time by which the request must be answered, in seconds since the epoch.

    `first_seen` is in seconds since the epoch, `service_timeout` in seconds.
    """
    return started_at(response_url, first_seen) + span(service_timeout)


def span(service_timeout: int) -> float:
    """Return how many seconds a request may take, of a ServiceTimeout in seconds."""
    return max(service_timeout - RESERVE, service_timeout / 2)


def margin(function_timeout: float) -> float:
    """Return how many seconds before the function's timeout an invocation hands off its request.

    `function_timeout` is in seconds. A function of less than 16 s works for half of its time. It
    would else do nothing but hand off.
    """
    share = min(LONGEST_MARGIN, function_timeout * MARGIN_SHARE)
    return min(max(SHORTEST_MARGIN, share), function_timeout / 2)


@dataclass
class Pace:
    """The wait before the next step: short after a change, longer while nothing changes."""

    interval: float = field(default=FIRST_INTERVAL, init=False)

    def next(self, *, changed: bool) -> float:
        """Return the seconds until the next step; `changed` says whether the last saw a change."""
        grown = min(self.interval * GROWTH, LONGEST_INTERVAL)
        self.interval = FIRST_INTERVAL if changed else grown
        return self.interval
