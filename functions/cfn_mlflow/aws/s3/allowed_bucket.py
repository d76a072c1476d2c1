"""S3: buckets that properties name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.allowed import Allowed, AllowedView, listed
from cfn_mlflow.aws.s3.client import tags_of
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason

WILD = frozenset("*?")
"""What stands for any characters, and for one, in the ARN of a bucket to read."""


@dataclass(frozen=True, eq=False)
class AllowedBucket(Allowed):
    """A bucket that a property names."""

    display_name: ClassVar[str] = "bucket"
    listed_in: ClassVar[str] = "ALLOWED_BUCKET_NAMES"

    def look(self) -> AllowedView:
        """Return the bucket's tags (s3:GetBucketTagging)."""
        return AllowedView(tags_of(self.owner, self.bucket))

    @property
    def bucket(self) -> str:
        """Return the bucket's name."""
        return self.name


@dataclass(frozen=True, eq=False)
class AllowedBucketToRead(AllowedBucket):
    """A bucket, or with `*` and `?` many, that tasks are to read, by its ARN.

    Many buckets have no common tags, so only a parameter of the provider can allow them.
    """

    def look(self) -> AllowedView:
        """Return the bucket's tags, where there are any to decide by (s3:GetBucketTagging)."""
        return AllowedView({}) if self.is_listed() or self._is_many else super().look()

    def refused(self, view: AllowedView) -> tuple[Cause, ...]:
        """Refuse many by what allows them."""
        if not self._is_many or self.is_listed():
            return super().refused(view)
        words = (
            "stands for many buckets, which only the provider's parameter AllowedReadBucketArns "
            "can allow. Name each bucket, then deploy again"
        )
        return (self.because(Reason.NotAllowed, words),)

    def is_listed(self) -> bool:
        """Return whether a parameter of the provider allows it, or more, to every stack."""
        return super().is_listed() or any(
            covers(pattern, self.name) for pattern in listed("ALLOWED_READ_BUCKET_ARNS")
        )

    @property
    def bucket(self) -> str:
        """Return the bucket's name."""
        return self.name.rpartition(":")[2]

    @property
    def _is_many(self) -> bool:
        return not WILD.isdisjoint(self.bucket)


def covers(pattern: str, name: str) -> bool:
    """Return whether all that a name stands for, with its own `*` and `?`, a pattern stands for."""
    parts = {"*": ".*", "?": "[^*]"}
    return bool(re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), name))
