"""KMS: a key of the user's own; none is ever made, changed or deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cfn_mlflow.aws.allowed import Allowed
from cfn_mlflow.aws.owner import Tags
from cfn_mlflow.aws.session import client
from cfn_mlflow.outcome import PermanentError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


def _kms() -> KMSClient:
    kms: KMSClient = client("kms")
    return kms


@dataclass(frozen=True, eq=False)
class AllowedKey(Allowed):
    """A key that the user named, by its ARN."""

    words: ClassVar[str] = "key"
    listed_in: ClassVar[str] = "ALLOWED_KEY_ARNS"

    def tags(self) -> Tags:
        """Return the tags of a key that works (kms:DescribeKey, ListResourceTags)."""
        state = _kms().describe_key(KeyId=self.name)["KeyMetadata"].get("KeyState", "Enabled")
        if state != "Enabled":
            raise PermanentError(
                f"{self.property_name}: {self.name} is {state}. Enable it (or cancel its "
                f"deletion), then deploy again"
            )
        tags = _kms().list_resource_tags(KeyId=self.name)["Tags"]
        return {tag["TagKey"]: tag["TagValue"] for tag in tags}
