"""The first use of a service in an account: its service-linked role takes a moment to exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cfn_mlflow.outcome import TemporaryError

LOOKS_FOR_A_ROLE = 12
"""So often a role that is being made is waited for; after that the error stands."""

_NOT_YET = re.compile(r"service[- ]linked role|unable to assume", re.IGNORECASE)


class FirstUse:
    """Counts the looks of one object, in one invocation, at a role that is still to come."""

    def __init__(self) -> None:
        self._looks = 0

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Turn "unable to assume the service linked role" into TemporaryError, a few times."""
        try:
            yield
        except Exception as error:
            self._looks += 1
            if self._looks > LOOKS_FOR_A_ROLE or not _NOT_YET.search(_message(error)):
                raise
            raise TemporaryError("AWS makes its service-linked role") from None


def _message(error: Exception) -> str:
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict) or "AccessDenied" in answer.get("Error", {}).get("Code", ""):
        return ""
    return str(answer.get("Error", {}).get("Message", ""))
