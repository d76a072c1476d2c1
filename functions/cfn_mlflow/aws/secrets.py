"""Secrets Manager: the secrets of the database's logins, made once and kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.allowed import Allowed
from cfn_mlflow.aws.errors import code, is_missing
from cfn_mlflow.aws.object import OwnedObject, tag_list, tag_map
from cfn_mlflow.aws.owner import Tags
from cfn_mlflow.aws.session import client
from cfn_mlflow.outcome import PermanentError, TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PASSWORD_LENGTH = 48
"""Letters and digits, 285 bits: nothing that a shell, a URI or SASLprep could take otherwise."""


def _secrets() -> SecretsManagerClient:
    secrets: SecretsManagerClient = client("secretsmanager")
    return secrets


@dataclass(frozen=True)
class Login:
    """A name and its password."""

    username: str
    password: str = field(repr=False)


def read_login(secret_arn: str) -> Login:
    """Return the login in a secret of the form that the Data API takes.

    Rests on secretsmanager:GetSecretValue.
    """
    value = json.loads(_string_of(secret_arn))
    return Login(value["username"], value["password"])


@dataclass(frozen=True)
class SecretView:
    """A secret as it stands; what it keeps is not read."""

    arn: str
    name: str
    deleted: bool
    """Whether somebody deleted it and its recovery window is still open."""
    tags: Tags


@dataclass(frozen=True, eq=False)
class LoginSecret(OwnedObject[SecretView]):
    """The secret of a login of ours: its password is made once, and kept across updates."""

    words: ClassVar[str] = "secret"

    username: str
    kms_key_arn: str | None

    @property
    def label(self) -> str:
        """Tell the secrets of one resource apart."""
        return f"secret of {self.username}"

    @property
    def name(self) -> str:
        """Return the secret's name."""
        return self.owner.name(self.username.replace("_", "-"), limit=512)

    def new_password(self) -> str:
        """Return a password for a new secret (secretsmanager:GetRandomPassword)."""
        return _secrets().get_random_password(
            PasswordLength=PASSWORD_LENGTH, ExcludePunctuation=True
        )["RandomPassword"]

    def read(self) -> SecretView | None:
        """Find the secret by its name (secretsmanager:DescribeSecret)."""
        try:
            found = _secrets().describe_secret(SecretId=self.name)
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return SecretView(
            arn=found["ARN"],
            name=found["Name"],
            deleted=bool(found.get("DeletedDate")),
            tags=tag_map(found.get("Tags", [])),
        )

    def create(self) -> None:
        """Make the secret with its tags (secretsmanager:CreateSecret, TagResource).

        The request token makes a repeated call the same call.
        """
        key: Any = {"KmsKeyId": self.kms_key_arn} if self.kms_key_arn else {}
        try:
            _secrets().create_secret(
                Name=self.name,
                Description=f"The database login {self.username}",
                ClientRequestToken=hashlib.sha256(
                    f"{self.owner.tag} {self.name}".encode()
                ).hexdigest()[:64],
                SecretString=self._value(self.new_password()),
                Tags=tag_list(self.owner.tags),
                **key,
            )
        except Exception as error:
            if code(error) == "ResourceExistsException":
                raise TemporaryError("made, and not to be seen yet") from None
            if code(error) == "InvalidRequestException":
                raise TemporaryError("an older secret of its name is still going") from None
            raise

    def changes(self, view: SecretView) -> tuple[str, ...]:
        """Name a deletion to be undone, and tags that differ."""
        if view.deleted:
            return ("deletion",)
        return ("tags",) if self.owner.lacks(view.tags) else ()

    def update(self, view: SecretView) -> None:
        """Set what differs (secretsmanager:RestoreSecret, TagResource)."""
        different = self.changes(view)
        if "deletion" in different:
            _secrets().restore_secret(SecretId=view.arn)
        if "tags" in different:
            _secrets().tag_resource(SecretId=view.arn, Tags=tag_list(self.owner.tags))

    def delete(self, view: SecretView) -> None:
        """Delete the secret for good: its login goes with the database.

        Rests on secretsmanager:DeleteSecret.
        """
        try:
            _secrets().delete_secret(SecretId=view.arn, ForceDeleteWithoutRecovery=True)
        except Exception as error:
            if not is_missing(error):
                raise

    def _value(self, password: str) -> str:
        return json.dumps({"username": self.username, "password": password})


@dataclass(frozen=True, eq=False)
class MirroredSecret(LoginSecret):
    """The user's password, a plain string, in the form that the Data API takes."""

    source_arn: str

    def new_password(self) -> str:
        """Return the user's password (secretsmanager:GetSecretValue)."""
        return _string_of(self.source_arn)

    def changes(self, view: SecretView) -> tuple[str, ...]:
        """Name the password too when the user's is another one by now."""
        different = super().changes(view)
        if view.deleted or read_login(view.arn).password == self.new_password():
            return different
        return ("password", *different)

    def update(self, view: SecretView) -> None:
        """Set what differs (secretsmanager:PutSecretValue and those of the parent)."""
        if "password" in self.changes(view):
            _secrets().put_secret_value(
                SecretId=view.arn, SecretString=self._value(self.new_password())
            )
        super().update(view)


@dataclass(frozen=True, eq=False)
class AllowedSecret(Allowed):
    """A secret that the user named, by its ARN."""

    words: ClassVar[str] = "secret"
    listed_in: ClassVar[str] = "ALLOWED_SECRET_ARNS"

    def tags(self) -> Tags:
        """Return the secret's tags (secretsmanager:DescribeSecret)."""
        found = _secrets().describe_secret(SecretId=self.name)
        if found.get("DeletedDate"):
            raise PermanentError(
                f"{self.property_name}: {self.name} is deleted. Restore it or name another, then "
                f"deploy again"
            )
        return tag_map(found.get("Tags", []))


def _string_of(arn: str) -> str:
    value = _secrets().get_secret_value(SecretId=arn).get("SecretString", "")
    if not value:
        raise PermanentError(
            f"the secret {arn} holds no string. Put the password into it as plain text, then "
            f"deploy again"
        )
    return value
