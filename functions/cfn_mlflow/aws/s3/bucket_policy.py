"""S3: the policy that denies access to an owned bucket, whatever other policies allow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core.owner import ROLE_PATH, STACK_NAME_TAG, STACK_TAG
from cfn_mlflow.aws.s3.bucket_settings import BucketSetting, Setting
from cfn_mlflow.aws.s3.client import s3
from cfn_mlflow.engine.output import known
from cfn_mlflow.reserved_tags import EVERY_STACK

TLS_ONLY = "CfnMlflowTlsOnly"
STACKS_ONLY = "CfnMlflowOwnStackOnly"
"""The ids of our statements in the bucket's policy; others are left as they are."""


@dataclass(frozen=True, eq=False)
class BucketPolicy(BucketSetting):
    """Requests without TLS are denied to everybody, and all to the tasks of other stacks.

    Roles made before they had a stack are not told apart until their next update: kept until 0.3.0.
    """

    display_name: ClassVar[str] = "bucket policy"

    shared_with: tuple[str, ...] = ()
    """Names of the stacks whose tasks may come in besides, or `@all`."""

    @property
    def statements(self) -> list[dict[str, Any]]:
        """Return our statements of the policy."""
        without_tls = self._denied(TLS_ONLY, {"Bool": {"aws:SecureTransport": "false"}})
        if EVERY_STACK in self.shared_with:
            return [without_tls]
        partition, _, account = self.owner.arn_parts
        others: dict[str, Any] = {f"aws:PrincipalTag/{STACK_TAG}": self.owner.stack_guid}
        if self.shared_with:
            others[f"aws:PrincipalTag/{STACK_NAME_TAG}"] = sorted(self.shared_with)
        tasks = f"arn:{partition}:iam::{account}:role{ROLE_PATH}*"
        condition = {
            "ArnLike": {"aws:PrincipalArn": tasks},
            "Null": {f"aws:PrincipalTag/{STACK_TAG}": "false"},
            "StringNotEquals": others,
        }
        return [without_tls, self._denied(STACKS_ONLY, condition)]

    def get(self) -> Setting:
        """Rests on s3:GetBucketPolicy."""
        policy: Setting = json.loads(s3().get_bucket_policy(**self.address)["Policy"])
        return policy

    def put(self, found: Setting) -> None:
        """Rests on s3:PutBucketPolicy."""
        others = [s for s in found.get("Statement", []) if not _is_our_statement(s)]
        policy = {"Version": "2012-10-17", **found, "Statement": [*self.statements, *others]}
        s3().put_bucket_policy(**self.address, Policy=json.dumps(policy))

    def as_asked(self, found: Setting) -> bool:
        """Return whether our statements are among the policy's, and no former one of ours."""
        ours = [s for s in found.get("Statement", []) if _is_our_statement(s)]
        return len(ours) == len(self.statements) and all(s in ours for s in self.statements)

    def _denied(self, sid: str, condition: Setting) -> dict[str, Any]:
        partition, _, _ = self.owner.arn_parts
        arn = f"arn:{partition}:s3:::{known(self.bucket)}"
        return {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": condition,
        }


def _is_our_statement(statement: Setting) -> bool:
    return statement.get("Sid") in (TLS_ONLY, STACKS_ONLY)
