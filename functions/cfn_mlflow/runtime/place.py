"""Where a function runs: its partition, its Region and its account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a function runs."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, function_arn: str) -> Place:
        """Return the place that a function's ARN names."""
        _, partition, _, region, account, *_ = function_arn.split(":")
        return cls(partition, region, account)
