"""Where a function runs: its partition, its Region and its account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The partition, Region and account of a function, such as `aws`, `eu-west-1` and 12 digits."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, function_arn: str) -> Place:
        """Return the place in a function's ARN."""
        _, partition, _, region, account, *_ = function_arn.split(":")
        return cls(partition, region, account)
