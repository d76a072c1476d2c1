"""CloudWatch: the name of a metric of the provider, for its publisher and its alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """One metric of the provider: its name, and the resource that it is about."""

    name: str
    resource: str

    @property
    def dimensions(self) -> list[Any]:
        """Return the dimensions as CloudWatch takes them."""
        return [{"Name": "Resource", "Value": self.resource}]
