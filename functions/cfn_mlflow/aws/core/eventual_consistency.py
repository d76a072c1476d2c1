"""What was just made is not known everywhere yet: AWS says no, and means not yet.

So it is with the service-linked role that a service's first use in an account makes, with a role,
with a listener, and with an object that an invocation made which then died.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cfn_mlflow.aws.core.errors import DENIED, code
from cfn_mlflow.outcome import TemporaryError

LOOKS = 12
"""So often it is waited for; after that the error stands."""

_CODES = {"DuplicateListener", "DuplicateLoadBalancerName", "DuplicateTargetGroupName"}
_WORDS = re.compile(
    r"service[- ]linked role|unable to assume|role is not valid|was not idempotent"
    r"|does not have an associated load balancer",
    re.IGNORECASE,
)


class NotYet:
    """Counts the looks of one object, in one invocation, at what is still to be known."""

    def __init__(self) -> None:
        self._looks = 0

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Turn such an error into TemporaryError, a few times."""
        try:
            yield
        except Exception as error:
            self._looks += 1
            if self._looks > LOOKS or not _passes(error):
                raise
            raise TemporaryError("AWS does not know yet what was just made") from None


def _passes(error: Exception) -> bool:
    found = code(error)
    if found in DENIED or not found:
        return False
    return found in _CODES or bool(_WORDS.search(str(error)))
