"""The identity of a resource for its whole life, computed from its stack and its logical id."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

STACK_ID = re.compile(
    r"arn:(?P<partition>[^:]+):cloudformation:(?P<region>[^:]+):(?P<account>[^:]+)"
    r":stack/(?P<stack>[^/]+)/(?P<guid>[^/]+)"
)
DIGEST_CHARACTERS = 10
"""50 bits: short enough for the names of every AWS service, and different for every stack."""


@dataclass(frozen=True)
class Identity:
    """A resource's identity; stack_id is the stack's whole ARN. Raises ValueError for any other."""

    stack_id: str
    logical_id: str

    def __post_init__(self) -> None:
        self._part("guid")

    @property
    def partition(self) -> str:
        """Return the partition, such as `aws` or `aws-cn`."""
        return self._part("partition")

    @property
    def region(self) -> str:
        """Return the stack's Region."""
        return self._part("region")

    @property
    def account(self) -> str:
        """Return the stack's account id."""
        return self._part("account")

    @property
    def stack_name(self) -> str:
        """Return the stack's name."""
        return self._part("stack")

    @property
    def guid(self) -> str:
        """Return the stack's GUID, which no other stack ever has."""
        return self._part("guid")

    @property
    def digest(self) -> str:
        """Return 10 lowercase base32 characters: a digest of the stack's GUID and the logical id.

        A later stack can have the same name, but never the same GUID.
        """
        seed = f"{self.guid}/{self.logical_id}".encode()
        return base64.b32encode(hashlib.sha256(seed).digest()).decode().lower()[:DIGEST_CHARACTERS]

    @property
    def physical_id(self) -> str:
        """Return the physical id of the resource, from its Create to its Delete."""
        return f"mlflow-{self.digest}"

    def _part(self, name: str) -> str:
        match = STACK_ID.fullmatch(self.stack_id)
        if match is None:
            raise ValueError("StackId is not the ARN of a stack")
        return match[name]
