"""Send an answer to CloudFormation: one HTTPS PUT, repeated only if another try can succeed."""

from __future__ import annotations

import http.client
import random
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from cfn_mlflow.runtime.clock import Clock

SOCKET_TIMEOUT = 5.0
"""Seconds without a byte after which a try ends."""
SHORTEST_TIMEOUT = 0.1
TRIES = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0


class UndeliveredError(Exception):
    """CloudFormation could not be reached in the time left. Lambda must deliver the event again."""


class RefusedError(Exception):
    """CloudFormation's bucket refused the answer (3xx or 4xx). Another try cannot succeed."""


def deliver(
    response_url: str, body: bytes, left: Callable[[], float], clock: Clock | None = None
) -> None:
    """Send the answer; `left` returns how many seconds remain for it.

    Raises RefusedError or UndeliveredError. No message here contains the URL: anybody who has it
    can answer for the resource.
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
    """Return the HTTP status, or 0 if no response came, and a description of what happened."""
    url = urlsplit(response_url)
    connection = http.client.HTTPSConnection(
        url.hostname or "", url.port, timeout=timeout, context=ssl.create_default_context()
    )
    try:
        # CloudFormation signs the URL for an empty content type.
        target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        connection.request("PUT", target, body, {"Content-Type": ""})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
    finally:
        connection.close()
    return status, f"HTTP status {status}"
