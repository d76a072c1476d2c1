"""Secrets Manager: the secrets of the database's logins, in the form that the Data API takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar

from cfn_mlflow.aws.secretsmanager.secret import Secret, random_text, secrets

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
    value = json.loads(secrets().get_secret_value(SecretId=secret_arn)["SecretString"])
    return Login(value["username"], value["password"])


@dataclass(frozen=True, eq=False)
class LoginSecret(Secret):
    """The secret of a login that the provider makes. Its password is made once, and then kept."""

    display_name: ClassVar[str] = "secret"

    username: str

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the secrets of one resource."""
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
