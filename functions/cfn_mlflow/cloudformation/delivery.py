"""The answer's way to CloudFormation: one HTTPS PUT, tried again only where that can help."""

from __future__ import annotations

import http.client
import random
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from cfn_mlflow.runtime.clock import Clock

SOCKET_TIMEOUT = 5.0
"""Seconds without a byte after which a try is given up."""
SHORTEST_TIMEOUT = 0.1
TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0


class UndeliveredError(Exception):
    """CloudFormation could not be reached in the time left: the request must be tried again."""


class RefusedError(Exception):
    """CloudFormation's bucket refused the answer (4xx): sending it again cannot help."""


def deliver(
    response_url: str, body: bytes, left: Callable[[], float], clock: Clock | None = None
) -> None:
    """Send the answer; `left` tells how many seconds remain for it.

    Raises RefusedError or UndeliveredError. Neither they nor anything else here names the URL:
    who reads it can answer for the resource.
    """
    clock = clock or Clock()
    said = "no time was left"
    for attempt in range(TRIES):
        if attempt:
            pause = min(FIRST_PAUSE * 2.0**attempt, LONGEST_PAUSE)
            clock.sleep(min(random.uniform(0, pause), max(left(), 0)))  # noqa: S311 - jitter
        if left() <= 0:
            break
        status, said = _put(response_url, body, max(min(SOCKET_TIMEOUT, left()), SHORTEST_TIMEOUT))
        if 200 <= status < 300:
            return
        if 300 <= status < 500:
            raise RefusedError(f"the answer was refused: {said}")
    raise UndeliveredError(f"the answer could not be delivered: {said}")


def _put(response_url: str, body: bytes, timeout: float) -> tuple[int, str]:
    """Return the HTTP status, 0 if there was none, and what happened in words."""
    url = urlsplit(response_url)
    connection = http.client.HTTPSConnection(
        url.hostname or "", url.port, timeout=timeout, context=ssl.create_default_context()
    )
    try:
        # The empty content type is part of what CloudFormation signed.
        target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        connection.request("PUT", target, body, {"Content-Type": ""})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
    finally:
        connection.close()
    return status, f"HTTP status {status}"
