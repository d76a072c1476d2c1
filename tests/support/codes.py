"""What a test expects of a failure: its code, and no more of its words than it must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason


@contextmanager
def failing(reason: Reason, match: str = "") -> Iterator[pytest.ExceptionInfo[PermanentError]]:
    """Expect a failure of this code, with words that match."""
    with pytest.raises(PermanentError, match=match) as raised:
        yield raised
    assert raised.value.reason is reason
