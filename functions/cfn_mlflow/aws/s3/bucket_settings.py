"""S3: the settings of a bucket of our own, each read and set by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.s3.client import addressed, s3
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Updatable, as_observed

Setting = Mapping[str, Any]

NOT_SET = {
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}
RULE_PREFIX = "cfn-mlflow-"
"""The start of the ids of our lifecycle rules; others are left as they are."""


@dataclass(frozen=True, eq=False)
class BucketSetting(Attached[Setting], Updatable[Setting]):
    """One setting, which is set as a whole if the provider's part of it differs."""

    owner: Owner
    bucket: Value[str]

    @property
    def address(self) -> dict[str, Any]:
        """Return the bucket as calls name it."""
        return addressed(self.owner, known(self.bucket))

    def get(self) -> Setting:
        """Return what AWS answers. Raises a code of NOT_SET when there is nothing."""
        raise NotImplementedError

    def put(self, found: Setting) -> None:
        """Set it, and keep the parts of `found` that are not the provider's."""
        raise NotImplementedError

    def as_asked(self, found: Setting) -> bool:
        """Return whether the provider's part of it is as asked."""
        raise NotImplementedError

    def observe(self) -> Observation[Setting] | None:
        """Read it; None if it is not set."""
        return as_observed(self.setting())

    def setting(self) -> Setting | None:
        """Return it as AWS answers; None if it is not set."""
        try:
            return self.get()
        except Exception as error:
            if code(error) in NOT_SET:
                return None
            raise

    def create(self) -> None:
        """Set it for the first time."""
        self.put({})

    def compare(self, found: Observation[Setting]) -> Observation[Setting]:
        """Name it when it differs."""
        return found.differing({self.display_name: not self.as_asked(found.view)})

    def update(self, found: Observation[Setting]) -> None:
        """Set it again."""
        self.put(found.view)


class Versioning(BucketSetting):
    """Every version of an object is kept."""

    display_name: ClassVar[str] = "bucket versioning"

    def get(self) -> Setting:
        """Rests on s3:GetBucketVersioning."""
        return s3().get_bucket_versioning(**self.address)

    def put(self, found: Setting) -> None:
        """Rests on s3:PutBucketVersioning."""
        del found
        s3().put_bucket_versioning(**self.address, VersioningConfiguration={"Status": "Enabled"})

    def as_asked(self, found: Setting) -> bool:
        """Return whether it is on."""
        return found.get("Status") == "Enabled"


@dataclass(frozen=True, eq=False)
class Encryption(BucketSetting):
    """How new objects are encrypted; those that are there keep their key, so nothing is lost."""

    display_name: ClassVar[str] = "bucket encryption"

    algorithm: str
    key_arn: str | None

    @property
    def rule(self) -> dict[str, Any]:
        """Return the rule that is asked; a bucket key saves a KMS call for each object."""
        default = {"SSEAlgorithm": self.algorithm}
        if self.key_arn:
            default["KMSMasterKeyID"] = self.key_arn
        return {
            "ApplyServerSideEncryptionByDefault": default,
            "BucketKeyEnabled": self.algorithm == "aws:kms",
        }

    def get(self) -> Setting:
        """Rests on s3:GetEncryptionConfiguration."""
        return s3().get_bucket_encryption(**self.address)["ServerSideEncryptionConfiguration"]

    def put(self, found: Setting) -> None:
        """Rests on s3:PutEncryptionConfiguration."""
        others = found["Rules"][0] if found.get("Rules") else {}
        rule: Any = {**others, **self.rule}
        s3().put_bucket_encryption(
            **self.address, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    def as_asked(self, found: Setting) -> bool:
        """Compare algorithm, key and bucket key."""
        rule = {"BucketKeyEnabled": False, **found["Rules"][0]}
        return {**rule, **self.rule} == rule


class PublicAccessBlock(BucketSetting):
    """Nothing in the bucket can be made public."""

    display_name: ClassVar[str] = "bucket public access block"

    ASKED: ClassVar[Any] = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }

    def get(self) -> Setting:
        """Rests on s3:GetBucketPublicAccessBlock."""
        return s3().get_public_access_block(**self.address)["PublicAccessBlockConfiguration"]

    def put(self, found: Setting) -> None:
        """Rests on s3:PutBucketPublicAccessBlock."""
        del found
        s3().put_public_access_block(**self.address, PublicAccessBlockConfiguration=self.ASKED)

    def as_asked(self, found: Setting) -> bool:
        """Return whether all four are on."""
        return bool(found == self.ASKED)


class OwnershipControls(BucketSetting):
    """The account owns every object, whoever wrote it; access control lists are off."""

    display_name: ClassVar[str] = "bucket ownership controls"

    ASKED: ClassVar[Any] = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}

    def get(self) -> Setting:
        """Rests on s3:GetBucketOwnershipControls."""
        return s3().get_bucket_ownership_controls(**self.address)["OwnershipControls"]

    def put(self, found: Setting) -> None:
        """Rests on s3:PutBucketOwnershipControls."""
        del found
        s3().put_bucket_ownership_controls(**self.address, OwnershipControls=self.ASKED)

    def as_asked(self, found: Setting) -> bool:
        """Return whether the bucket's owner owns all."""
        return bool(found == self.ASKED)


@dataclass(frozen=True, eq=False)
class Lifecycle(BucketSetting):
    """Objects move to cheaper storage, old versions and unfinished uploads go."""

    display_name: ClassVar[str] = "bucket lifecycle"

    intelligent_tiering_days: int
    noncurrent_version_expiration_days: int

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Return our rules, which are for all objects."""
        actions: dict[str, dict[str, Any]] = {
            "tiering": {
                "Transitions": [
                    {"Days": self.intelligent_tiering_days, "StorageClass": "INTELLIGENT_TIERING"}
                ]
            },
            "noncurrent-versions": {
                "NoncurrentVersionExpiration": {
                    "NoncurrentDays": self.noncurrent_version_expiration_days
                },
                "Expiration": {"ExpiredObjectDeleteMarker": True},
            },
            "unfinished-uploads": {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        }
        return [
            {"ID": RULE_PREFIX + name, "Status": "Enabled", "Filter": {"Prefix": ""}, **action}
            for name, action in actions.items()
        ]

    def get(self) -> Setting:
        """Rests on s3:GetLifecycleConfiguration."""
        return s3().get_bucket_lifecycle_configuration(**self.address)

    def put(self, found: Setting) -> None:
        """Rests on s3:PutLifecycleConfiguration."""
        others = [r for r in found.get("Rules", []) if not _is_ours(r)]
        rules: Any = [*self.rules, *others]
        s3().put_bucket_lifecycle_configuration(
            **self.address, LifecycleConfiguration={"Rules": rules}
        )

    def as_asked(self, found: Setting) -> bool:
        """Compare our rules by their ids."""
        ours = {r["ID"]: r for r in found["Rules"] if _is_ours(r)}
        return ours.keys() == {rule["ID"] for rule in self.rules} and all(
            _has(ours[rule["ID"]], rule) for rule in self.rules
        )


def _is_ours(rule: Setting) -> bool:
    return str(rule.get("ID", "")).startswith(RULE_PREFIX)


def _has(found: Setting, asked: Setting) -> bool:
    """Return whether a rule does what is asked; AWS may write its filter in another form."""
    return all(found.get(key) == value for key, value in asked.items() if key != "Filter")
