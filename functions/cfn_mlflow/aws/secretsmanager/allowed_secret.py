"""Secrets Manager: a secret that a property names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.allowed import Allowed, AllowedView
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason


@dataclass(frozen=True, eq=False)
class AllowedSecret(Allowed):
    """A secret that the user named, by its ARN."""

    display_name: ClassVar[str] = "secret"
    listed_in: ClassVar[str] = "ALLOWED_SECRET_ARNS"

    def look(self) -> AllowedView:
        """Return the secret's tags, and whether it is there (secretsmanager:DescribeSecret)."""
        found = client("secretsmanager").describe_secret(SecretId=self.name)
        if found.get("DeletedDate"):
            why = "is deleted. Restore it or name another, then deploy again"
            return AllowedView({}, Cause(Reason.SecretUnusable, why))
        return AllowedView(tag_map(found.get("Tags", [])))
