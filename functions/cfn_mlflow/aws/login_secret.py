"""Secrets Manager: the secrets of the database's logins, in the form that the Data API takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

from cfn_mlflow.aws.secrets import Secret, SecretView, random_text, secrets
from cfn_mlflow.outcome import PermanentError

PASSWORD_LENGTH = 48
"""Letters and digits: 285 bits."""


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


@dataclass(frozen=True, eq=False)
class LoginSecret(Secret):
    """The secret of a login of ours: its password is made once, and kept across updates."""

    words: ClassVar[str] = "secret"

    username: str

    @property
    def label(self) -> str:
        """Tell the secrets of one resource apart."""
        return f"secret of {self.username}"

    @property
    def name(self) -> str:
        """Return the secret's name."""
        return self.owner.name(self.username.replace("_", "-"), limit=512)

    @property
    def description(self) -> str:
        """Return what it says of itself in the console."""
        return f"The database login {self.username}"

    def new_password(self) -> str:
        """Return a password for a new secret."""
        return random_text(PASSWORD_LENGTH)

    def new_value(self) -> str:
        """Return the login as the Data API takes it."""
        return json.dumps({"username": self.username, "password": self.new_password()})


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
            secrets().put_secret_value(SecretId=view.arn, SecretString=self.new_value())
        super().update(view)


def _string_of(arn: str) -> str:
    value = secrets().get_secret_value(SecretId=arn).get("SecretString", "")
    if not value:
        raise PermanentError(
            f"the secret {arn} holds no string. Put the password into it as plain text, then "
            f"deploy again"
        )
    return value
