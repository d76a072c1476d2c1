"""The steps of a rotation inside Secrets Manager: its beginning, a new password, its end.

Each step is an object of the graph. A step reads whether it is done, and is done if it is not. So
a rotation that was killed goes on where it stopped.
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
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.logins import (
    ROTATION_TAG,
    RotationState,
    rotation_state_of,
    time_as_tag,
)
from cfn_mlflow.rotation.standby_login import StandbyLogin


@dataclass(frozen=True, eq=False)
class RotationStep(Attached[SecretView]):
    """A step of the rotation to one login, read from and written to the login's secret."""

    secret_arn: str

    def look(self) -> SecretView:
        """Return the secret (secretsmanager:DescribeSecret).

        Raises PermanentError if the secret does not exist.
        """
        view = read_secret(self.secret_arn)
        if view is None:
            raise PermanentError(
                Reason.NotFound, f"{self.label}: the secret {self.secret_arn} is gone"
            )
        return view

    def set_state(self, state: RotationState) -> None:
        """Set the tag of the secret (secretsmanager:TagResource)."""
        secrets().tag_resource(SecretId=self.secret_arn, Tags=tag_list({ROTATION_TAG: state.tag}))


@dataclass(frozen=True, eq=False)
class BegunRotation(RotationStep):
    """The beginning of the rotation.

    A rotation that an earlier request began and did not end is continued, not begun again.
    """

    display_name: ClassVar[str] = "rotation"

    request: str
    standby: StandbyLogin

    def observe(self) -> Observation[SecretView] | None:
        """Read whether a rotation has begun (secretsmanager:DescribeSecret)."""
        view = self.look()
        return Observation(view) if rotation_state_of(view.tags).begun else None

    def create(self) -> None:
        """Begin the rotation (secretsmanager:TagResource).

        Raises PermanentError if anything uses the standby login.
        """
        self.standby.check()
        self.set_state(RotationState(self.request))


@dataclass(frozen=True, eq=False)
class NewPassword(RotationStep):
    """The version of the standby login's secret with the password that this rotation makes."""

    display_name: ClassVar[str] = "new password"

    request: Value[str]
    """The request that began the rotation."""
    standby: StandbyLogin

    @property
    def version(self) -> str:
        """Return the id of the version: the same one for each attempt at this rotation."""
        return hashlib.sha256(f"{self.secret_arn} {known(self.request)}".encode()).hexdigest()[:64]

    def observe(self) -> Observation[SecretView] | None:
        """Read whether the secret has the version (secretsmanager:DescribeSecret)."""
        view = self.look()
        return Observation(view) if view.version == self.version else None

    def create(self) -> None:
        """Put a new password into the secret.

        Rests on secretsmanager:GetRandomPassword and PutSecretValue. Raises PermanentError if
        anything has come to use the login since the rotation began.
        """
        self.standby.check()
        login = {"username": self.standby.name, "password": random_text(PASSWORD_LENGTH)}
        secrets().put_secret_value(
            SecretId=self.secret_arn,
            ClientRequestToken=self.version,
            SecretString=json.dumps(login),
        )


@dataclass(frozen=True, eq=False)
class FinishedRotation(RotationStep):
    """The end of the rotation: from then on this login is the active one."""

    display_name: ClassVar[str] = "end of the rotation"

    request: Value[str]
    later_than: str
    """When the other login became active, as `time_as_tag` writes it."""

    def observe(self) -> Observation[SecretView] | None:
        """Read whether the rotation has ended (secretsmanager:DescribeSecret)."""
        view = self.look()
        return Observation(view) if rotation_state_of(view.tags).since > self.later_than else None

    def create(self) -> None:
        """End the rotation (secretsmanager:TagResource).

        Raises TemporaryError if this clock is behind the one that wrote the last rotation's end.
        Clocks may differ, but by less than a rotation takes.
        """
        now = time_as_tag(datetime.now(UTC))
        if now <= self.later_than:
            raise TemporaryError("this clock is behind the one of the last rotation")
        self.set_state(RotationState(known(self.request), now))
