"""The function that rotates: the two logins of a database's service take turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfn_mlflow.rotation.loop import Context, rotate


def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Rotate the logins of the database that the event names."""
    return rotate(event, context)
