"""The two logins of the service that take turns: which is in use, and which turn has begun.

A tag on each login's secret tells it: `begun <request>` from the beginning of a turn to its end,
`since <time> <request>` from then on. The login whose secret names the later time is in use. One
call sets it, so a function that is killed leaves the one or the other, and nothing in between.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from cfn_mlflow.aws.core.errors import DENIED, code
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.sharing import one_owner, refusal
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.aws.secretsmanager.secret import SecretView, read_secret
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Observed

ROTATION_TAG = "cfn-mlflow:turn"
OTHER_LOGIN_TAG = "cfn-mlflow:turns-with"
"""Names the secret of the other login."""

CLUSTER_KEY = "DatabaseClusterId"
"""What a rotation is told: the cluster whose logins take turns."""

BY_SCHEDULE_KEY = "BySchedule"
"""Told as true by the rule alone."""

TOO_EARLY = timedelta(hours=1)
"""EventBridge delivers at least once: a rule's event so soon after a turn is the same one again."""

TOO_EARLY_BY_HAND = timedelta(minutes=5)
"""Each turn deploys the services anew: by hand too, nothing is repeated at once."""

BEGUN, SINCE = "begun", "since"
_NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_.:/=+@-]")
_REQUEST_CHARACTERS = 100


@dataclass(frozen=True)
class RotationState:
    """What the tag of a login's secret says."""

    request: str
    """The rotation that began the turn; empty if there was none yet."""
    since: str = ""
    """When the login came into use, in UTC as ISO 8601 writes it; empty until the turn is over."""

    @property
    def begun(self) -> bool:
        """Tell whether the turn has begun and is not over."""
        return bool(self.request) and not self.since

    @property
    def tag(self) -> str:
        """Return the tag's value."""
        return f"{SINCE} {self.since} {self.request}" if self.since else f"{BEGUN} {self.request}"


def rotation_state_of(tags: Tags) -> RotationState:
    """Return what a secret's tags say of its turn."""
    word, _, rest = tags.get(ROTATION_TAG, "").partition(" ")
    if word == BEGUN:
        return RotationState(rest)
    if word == SINCE:
        since, _, request = rest.partition(" ")
        return RotationState(request, since)
    return RotationState("")


def time_as_tag(moment: datetime) -> str:
    """Return a time, to the microsecond, so that a later one is a greater text too."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def just_over(turn: RotationState, *, by_schedule: bool) -> bool:
    """Tell whether the turn ended so lately that another one is too early."""
    too_early = TOO_EARLY if by_schedule else TOO_EARLY_BY_HAND
    return turn.since > time_as_tag(datetime.now(UTC) - too_early)


def request_as_tag(request: str) -> str:
    """Return a request's id with no other characters than a tag may have."""
    return _NOT_IN_A_TAG.sub("-", request)[:_REQUEST_CHARACTERS]


def active(first: SecretView, second: SecretView) -> SecretView:
    """Return the secret whose login is in use: the first until a turn was over."""
    one, other = rotation_state_of(first.tags), rotation_state_of(second.tags)
    if one.since == other.since:
        return second if one.begun and not other.begun else first
    return first if one.since > other.since else second


@dataclass(frozen=True, eq=False)
class RotatedLoginSecret(LoginSecret):
    """The secret of one of the two logins: it names the other's."""

    twin: str
    """The user name of the other login."""

    @property
    def tags(self) -> dict[str, str]:
        """Return the owner's tags, and who it takes turns with."""
        twin = LoginSecret(self.owner, self.kms_key_arn, self.twin)
        return {**super().tags, OTHER_LOGIN_TAG: twin.name}


@dataclass(frozen=True)
class ActiveLoginView:
    """The secret of the login in use, and of every login that may come into use."""

    arn: str
    all_arns: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ActiveLogin(Observed[ActiveLoginView]):
    """The login that a service is to use, where the secret that is named takes turns.

    CloudFormation goes on giving the ARN that the database told when it was last changed.
    """

    words: ClassVar[str] = "database login in use"

    owner: Owner
    secret_arn: Value[str]

    def observe(self) -> Observation[ActiveLoginView]:
        """Read the tags of the secret and of its twin (secretsmanager:DescribeSecret).

        Whether a secret that cannot be looked at can be used, the task that needs it tells.
        """
        arn = known(self.secret_arn)
        named = _look(arn)
        twin = _look(named.tags.get(OTHER_LOGIN_TAG, "")) if named else None
        if named is None or twin is None or not self._take_turns(named, twin):
            return Observation(ActiveLoginView(arn, (arn,)))
        both = (named.arn, twin.arn)
        return Observation(ActiveLoginView(active(named, twin).arn, tuple(sorted(both))))

    def _take_turns(self, named: SecretView, twin: SecretView) -> bool:
        """Tell whether both are one resource's, and the twin may be used as well.

        Anybody can write a twin's name on a secret.
        """
        return one_owner(named.tags, twin.tags) and not refusal(self.owner, twin.tags)


def _look(name: str) -> SecretView | None:
    try:
        return read_secret(name) if name else None
    except Exception as error:
        if code(error) in DENIED:
            return None
        raise
