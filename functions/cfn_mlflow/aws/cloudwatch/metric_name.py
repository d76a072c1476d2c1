"""CloudWatch: the name of a metric of the provider, for its publisher and its alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

NAMESPACE: Final = "cfn-mlflow"
"""The only namespace that the provider's roles may write to."""


@dataclass(frozen=True)
class Metric:
    """One metric of the provider: its name, and the resource that it is about."""

    name: str
    resource: str

    @property
    def dimensions(self) -> list[Any]:
        """Return the dimensions as CloudWatch takes them."""
        return [{"Name": "Resource", "Value": self.resource}]
