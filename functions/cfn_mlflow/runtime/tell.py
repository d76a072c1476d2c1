"""A line in the function's log, from wherever something happens that a person should know."""

from __future__ import annotations

import logging
import os


def tell(words: str) -> None:
    """Say it in the function's own log, beside what is waited for."""
    _log().info(words)


def warn(words: str) -> None:
    """Say it as a warning."""
    _log().warning(words)


def _log() -> logging.Logger:
    # The name under which powertools made the functions' log.
    return logging.getLogger(os.environ.get("POWERTOOLS_SERVICE_NAME", "cfn-mlflow"))
