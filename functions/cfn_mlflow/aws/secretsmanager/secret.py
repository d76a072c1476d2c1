"""Secrets Manager: what all secrets that are made here share."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


CURRENT = "AWSCURRENT"
"""The stage of the version that is read where none is named: the Data API knows no other."""


def secrets() -> SecretsManagerClient:
    """Return the client."""
    made: SecretsManagerClient = client("secretsmanager")
    return made


@dataclass(frozen=True)
class SecretView:
    """A secret as it stands; what it keeps is not read."""

    arn: str
    name: str
    deleted: bool
    """Whether somebody deleted it and its recovery window is still open."""
    tags: Tags
    version: str = ""
    """The id of the version that it gives."""


@dataclass(frozen=True, eq=False)
class Secret(OwnedObject[SecretView]):
    """A secret that the provider makes. Its value is made once, and kept across updates."""

    display_name: ClassVar[str] = "secret"

    kms_key_arn: str | None

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the secret's name."""

    @property
    @abstractmethod
    def description(self) -> str:
        """Return what it says of itself in the console."""

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags that it carries from the call that makes it."""
        return self.owner.tags

    @abstractmethod
    def new_value(self) -> str:
        """Return what a new one keeps."""

    def observe(self) -> Observation[SecretView] | None:
        """Find the secret by its name (secretsmanager:DescribeSecret)."""
        return self.found(read_secret(self.name))

    def create(self) -> None:
        """Make the secret with its tags (secretsmanager:CreateSecret, TagResource).

        The request token makes a repeated call the same call.
        """
        key: Any = {"KmsKeyId": self.kms_key_arn} if self.kms_key_arn else {}
        try:
            secrets().create_secret(
                Name=self.name,
                Description=self.description,
                ClientRequestToken=hashlib.sha256(
                    f"{self.owner.tag} {self.name}".encode()
                ).hexdigest()[:64],
                SecretString=self.new_value(),
                Tags=tag_list(self.tags),
                **key,
            )
        except Exception as error:
            if code(error) == "InvalidRequestException":
                raise TemporaryError("an older secret of its name is still deleting") from None
            raise

    def compare(self, found: Observation[SecretView]) -> Observation[SecretView]:
        """Name a deletion to be undone, else tags that differ."""
        if found.view.deleted:
            return replace(found, differs=("deletion",))
        return found.differing({"tags": self.owner.lacks(found.view.tags, self.tags)})

    def update(self, found: Observation[SecretView]) -> None:
        """Set what differs (secretsmanager:RestoreSecret, TagResource, UntagResource)."""
        view, different = found.view, found.differs
        if "deletion" in different:
            secrets().restore_secret(SecretId=view.arn)
        if "tags" in different:
            take_off(
                self.owner,
                view.tags,
                lambda keys: secrets().untag_resource(SecretId=view.arn, TagKeys=keys),
            )
            secrets().tag_resource(SecretId=view.arn, Tags=tag_list(self.tags))

    def delete(self, view: SecretView) -> None:
        """Delete the secret for good: what it opens is gone (secretsmanager:DeleteSecret)."""
        try:
            secrets().delete_secret(SecretId=view.arn, ForceDeleteWithoutRecovery=True)
        except Exception as error:
            if not is_missing(error):
                raise


def read_secret(name: str) -> SecretView | None:
    """Return a secret by its name or ARN; None if there is none (secretsmanager:DescribeSecret)."""
    try:
        found = secrets().describe_secret(SecretId=name)
    except Exception as error:
        if is_missing(error):
            return None
        raise
    versions = found.get("VersionIdsToStages", {}).items()
    return SecretView(
        arn=found["ARN"],
        name=found["Name"],
        deleted=bool(found.get("DeletedDate")),
        tags=tag_map(found.get("Tags", [])),
        version=next((version for version, stages in versions if CURRENT in stages), ""),
    )


def random_text(length: int) -> str:
    """Return `length` random letters and digits (secretsmanager:GetRandomPassword).

    They have no special meaning in a shell, a URI, an ini file or SASLprep.
    """
    answer = secrets().get_random_password(PasswordLength=length, ExcludePunctuation=True)
    return answer["RandomPassword"]
