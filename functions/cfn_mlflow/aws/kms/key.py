"""KMS: a key of the user's own; none is ever made, changed or deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cfn_mlflow.aws.core.allowed import Allowed, AllowedView
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


def _kms() -> KMSClient:
    kms: KMSClient = client("kms")
    return kms


@dataclass(frozen=True, eq=False)
class AllowedKey(Allowed):
    """A key that the user named, by its ARN."""

    display_name: ClassVar[str] = "key"
    listed_in: ClassVar[str] = "ALLOWED_KEY_ARNS"

    def look(self) -> AllowedView:
        """Return the key's tags, and whether it works (kms:DescribeKey, ListResourceTags)."""
        state = _kms().describe_key(KeyId=self.name)["KeyMetadata"].get("KeyState", "Enabled")
        if state != "Enabled":
            why = f"is {state}. Enable it (or cancel its deletion), then deploy again"
            return AllowedView({}, Cause(Reason.KeyUnusable, why))
        pages = _kms().get_paginator("list_resource_tags").paginate(KeyId=self.name)
        return AllowedView(
            {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]}
        )
