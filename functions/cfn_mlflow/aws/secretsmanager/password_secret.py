"""Secrets Manager: a master password of the user's own, and our mirror of it.

The Data API takes JSON with a user's name and password only. The user's secret may be that, or the
password alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from cfn_mlflow.aws.cloudformation.rollback import is_rolling_back
from cfn_mlflow.aws.core.allowed import AllowedView
from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret, read_login
from cfn_mlflow.aws.secretsmanager.secret import SecretView, secrets
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import Cause, PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log

SHORTEST, LONGEST = 8, 41
"""Characters of a cluster's master password (CreateDBCluster, MasterUserPassword)."""
NOT_IN_A_PASSWORD = frozenset('/"@ ')
"""What RDS takes in no master password, beside what is not printable ASCII. Only its refusal names
the space."""


@dataclass(frozen=True, eq=False)
class AllowedPasswordSecret(AllowedSecret):
    """The user's secret: allowed, and with a password in it that RDS takes."""

    mirror: MirroredSecret
    """What the database has its password from, once it is made."""

    def view(self) -> AllowedView:
        """Read its tags, and whether it can be used (secretsmanager:GetSecretValue)."""
        view = super().view()
        if view.problem or super().refused(view):
            return view
        problem = self.mirror.problem()
        if problem and self._stands():
            kept = "The database keeps its password"
            log.warning(f"{self.property_name}: {self.name} {problem}. {kept}")
            return view
        cause = Cause(Reason.SecretUnusable, problem) if problem else None
        return AllowedView(view.tags, cause)

    def _stands(self) -> bool:
        """Return whether the database has the password already, or goes back to the one it had."""
        found = self.mirror.observe()
        if found is None or found.conflict or found.view.deleted:
            return False
        return self.mirror.holds(found.view) or is_rolling_back(self.mirror.owner.stack_id)


@dataclass(frozen=True, eq=False)
class MirroredSecret(LoginSecret):
    """The user's password in the form that the Data API takes."""

    source_arn: str

    def problem(self) -> str:
        """Return why the user's secret cannot be used, never telling it; empty if it can."""
        return _unusable(self.source_arn, self.username)

    def holds(self, view: SecretView) -> bool:
        """Return whether it holds what the user's secret does (secretsmanager:GetSecretValue)."""
        try:
            return read_login(view.arn).password == self.new_password()
        except PermanentError:
            return False

    def new_password(self) -> str:
        """Return the user's password (secretsmanager:GetSecretValue)."""
        return _password_in(_string_of(self.source_arn))

    def compare(self, found: Observation[SecretView]) -> Observation[SecretView]:
        """Name the password too when the user's is another one by now, and can be used."""
        compared = super().compare(found)
        if found.view.deleted or self.holds(found.view) or self.problem():
            return compared
        return replace(compared, differs=("password", *compared.differs))

    def update(self, found: Observation[SecretView]) -> None:
        """Set what differs (secretsmanager:PutSecretValue and those of the parent)."""
        if "password" in found.differs:
            secrets().put_secret_value(SecretId=found.view.arn, SecretString=self.new_value())
        super().update(found)


def _unusable(arn: str, username: str) -> str:
    """Return, never telling the value, why a secret cannot be used; empty if it can."""
    try:
        text = _string_of(arn)
        password = _password_in(text)
    except PermanentError as error:
        return str(error)
    named = _json_in(text).get("username", username)
    if named != username:
        return f"is of another user: its username must be {username}, or left out"
    if not SHORTEST <= len(password) <= LONGEST:
        return f"holds a password that has not {SHORTEST} to {LONGEST} characters"
    if password != password.strip():
        return "holds a password that begins or ends with a space or a line break: put it in anew"
    if not (password.isascii() and password.isprintable()) or NOT_IN_A_PASSWORD & set(password):
        return (
            "holds a password with a character that RDS does not take: it may have any printable "
            'ASCII but /, ", @ and the space'
        )
    return ""


def _string_of(arn: str) -> str:
    found = secrets().get_secret_value(SecretId=arn)
    if "SecretString" not in found:
        raise PermanentError(
            Reason.SecretUnusable, "holds binary data: put the password into it as text"
        )
    return found["SecretString"]


def _password_in(text: str) -> str:
    """Return the password: of JSON with a `password`, or the text itself."""
    found = _json_in(text)
    if not found:
        return text
    password = found.get("password")
    if not isinstance(password, str):
        raise PermanentError(
            Reason.SecretUnusable,
            "holds JSON without a text under password: add it, or put it in alone",
        )
    return password


def _json_in(text: str) -> dict[str, object]:
    """Return a JSON object's keys and values; of any other text, none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
