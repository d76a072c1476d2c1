"""The steps of a turn inside Secrets Manager: begun, a new password, over.

Each is an object like any other: what is there of it is read, and it is made if it is not. So a
rotation that was killed goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.secretsmanager.login_secret import PASSWORD_LENGTH
from cfn_mlflow.aws.secretsmanager.secret import SecretView, random_text, read_secret, secrets
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.rotation.logins import ROTATION_TAG, RotationState, rotation_state_of, time_as_tag
from cfn_mlflow.rotation.standby_login import StandbyLogin


@dataclass(frozen=True, eq=False)
class RotationStep(Attached[SecretView]):
    """A step of the turn that one login takes."""

    secret_arn: str

    def look(self) -> SecretView:
        """Return the secret (secretsmanager:DescribeSecret). Fails if it is gone."""
        view = read_secret(self.secret_arn)
        if view is None:
            raise PermanentError(f"{self.label}: the secret {self.secret_arn} is gone")
        return view

    def set_state(self, turn: RotationState) -> None:
        """Set the tag (secretsmanager:TagResource)."""
        secrets().tag_resource(SecretId=self.secret_arn, Tags=tag_list({ROTATION_TAG: turn.tag}))


@dataclass(frozen=True, eq=False)
class BegunRotation(RotationStep):
    """The turn has begun: one that an earlier request began, and did not end, is gone on with."""

    words: ClassVar[str] = "turn"

    request: str
    idle: StandbyLogin

    def observe(self) -> Observation[SecretView] | None:
        """Read whether a turn has begun."""
        view = self.look()
        return Observation(view) if rotation_state_of(view.tags).begun else None

    def create(self) -> None:
        """Begin it, unless anything uses the login."""
        self.idle.check()
        self.set_state(RotationState(self.request))


@dataclass(frozen=True, eq=False)
class NewPassword(RotationStep):
    """The idle login's secret has a password that was made for this turn."""

    words: ClassVar[str] = "new password"

    request: Value[str]
    """The one that began the turn."""
    idle: StandbyLogin

    @property
    def version(self) -> str:
        """Return the id of the secret's version that this turn makes: one, however often run."""
        return hashlib.sha256(f"{self.secret_arn} {known(self.request)}".encode()).hexdigest()[:64]

    def observe(self) -> Observation[SecretView] | None:
        """Read whether the secret has this turn's version."""
        view = self.look()
        return Observation(view) if view.version == self.version else None

    def create(self) -> None:
        """Put a password into the secret, unless anything uses the login by now.

        Rests on secretsmanager:GetRandomPassword and PutSecretValue.
        """
        self.idle.check()
        login = {"username": self.idle.name, "password": random_text(PASSWORD_LENGTH)}
        secrets().put_secret_value(
            SecretId=self.secret_arn,
            ClientRequestToken=self.version,
            SecretString=json.dumps(login),
        )


@dataclass(frozen=True, eq=False)
class FinishedRotation(RotationStep):
    """The turn is over: from now on this login is the one in use."""

    words: ClassVar[str] = "end of the turn"

    request: Value[str]
    later_than: str
    """When the other login came into use."""

    def observe(self) -> Observation[SecretView] | None:
        """Read whether the turn is over."""
        view = self.look()
        return Observation(view) if rotation_state_of(view.tags).since > self.later_than else None

    def create(self) -> None:
        """End it; clocks may differ, but not so much as a turn takes."""
        now = time_as_tag(datetime.now(UTC))
        if now <= self.later_than:
            raise TemporaryError("this clock is behind the one of the last turn")
        self.set_state(RotationState(known(self.request), now))
