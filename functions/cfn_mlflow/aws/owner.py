"""Whose an object is: the names and tags that one resource of one stack computes, never stores."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

OWNER_TAG = "cfn-mlflow:owner"
VERSION_TAG = "cfn-mlflow:version"
COMPLETE_TAG = "cfn-mlflow:complete"
LEFT_BY_TAG = "cfn-mlflow:left-by"
ALLOW_TAG = "cfn-mlflow:allow"

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Owner:
    """One resource of one stack, and the provider that acts for it.

    `digest` is ten lower-case characters made from the stack's GUID and the logical id;
    `prefix` is the readable start of every name; `named` tells whether it is the user's own
    `UniqueName`. `spelled` gives the name under which the user wrote a property.
    """

    provider: str
    stack_id: str
    logical_id: str
    digest: str
    version: str
    prefix: str = "mlflow"
    user_tags: Tags = field(default_factory=dict)
    named: bool = False
    spelled: Callable[[str], str] = str

    @property
    def arn_parts(self) -> tuple[str, str, str]:
        """Return partition, Region and account of the stack."""
        _, partition, _, region, account, *_ = self.stack_id.split(":")
        return partition, region, account

    @property
    def tag(self) -> str:
        """Return the value of the owner tag: stack GUID and logical id."""
        return f"{self.stack_id.rsplit('/', 1)[-1]}/{self.logical_id}"

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags that every object carries from the call that makes it."""
        return {**self.user_tags, OWNER_TAG: self.tag, VERSION_TAG: self.version}

    def owns(self, tags: Tags) -> bool:
        """Tell whether an object with these tags is this resource's."""
        return tags.get(OWNER_TAG) == self.tag

    def lacks(self, tags: Tags) -> bool:
        """Tell whether an object's tags miss one of ours or have another value for it."""
        return any(tags.get(key) != value for key, value in self.tags.items())

    def name(self, *parts: str, limit: int = 63) -> str:
        """Return `<prefix>-<parts>-<digest>`, its prefix cut so that it fits the limit.

        Lower case, digits and single hyphens; it starts with a letter.
        """
        tail = "-".join((*parts, self.digest))
        prefix = self.prefix[: limit - len(tail) - 1].rstrip("-")
        return f"{prefix}-{tail}"


def fingerprint(*values: object) -> str:
    """Return six characters that stand for what an object cannot change in place."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:6]
