"""The two logins of the service: which is active, and which rotation has begun.

The tag `ROTATION_TAG` on each login's secret tells it. While a rotation to a login is under way,
the tag is `begun <request>`. After the rotation the tag is `since <time> <request>`. The login
whose secret has the later time is active, and the other one stands by. One call of AWS sets the
tag. So a function that is killed leaves one of the two values, and nothing in between.
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

# The values of both tags keep an older word, because existing stacks carry them.
ROTATION_TAG = "cfn-mlflow:turn"
"""On a login's secret: the state of the rotation to this login."""
OTHER_LOGIN_TAG = "cfn-mlflow:turns-with"
"""On a login's secret: the name of the other login's secret."""

CLUSTER_KEY = "DatabaseClusterId"
"""The key of an event by which a caller names the cluster whose login is rotated."""

BY_SCHEDULE_KEY = "BySchedule"
"""The key of an event that is true if the schedule's rule sent it."""

TOO_EARLY = timedelta(hours=1)
"""EventBridge may deliver an event twice: one so soon after a rotation is the same event again."""

TOO_EARLY_BY_HAND = timedelta(minutes=5)
"""Each rotation deploys the services anew, so a caller too cannot repeat one at once."""

BEGUN, SINCE = "begun", "since"
_NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_.:/=+@-]")
_REQUEST_CHARACTERS = 100


@dataclass(frozen=True)
class RotationState:
    """What the tag of a login's secret says of the last rotation to this login."""

    request: str
    """The request that began the rotation; empty if there was none yet."""
    since: str = ""
    """When the login became active, in UTC as ISO 8601 writes it; empty until the rotation ends."""

    @property
    def begun(self) -> bool:
        """Tell whether the rotation has begun and has not ended."""
        return bool(self.request) and not self.since

    @property
    def tag(self) -> str:
        """Return the tag's value."""
        return f"{SINCE} {self.since} {self.request}" if self.since else f"{BEGUN} {self.request}"


def rotation_state_of(tags: Tags) -> RotationState:
    """Return what a secret's tags say of the rotation to its login."""
    word, _, rest = tags.get(ROTATION_TAG, "").partition(" ")
    if word == BEGUN:
        return RotationState(rest)
    if word == SINCE:
        since, _, request = rest.partition(" ")
        return RotationState(request, since)
    return RotationState("")


def time_as_tag(moment: datetime) -> str:
    """Return a time in UTC, to the microsecond, so that a later time is a greater text too."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ended_recently(state: RotationState, *, by_schedule: bool) -> bool:
    """Tell whether the rotation ended so recently that another one is too early.

    Too early is an hour for the schedule's rule, and five minutes for any other caller.
    """
    too_early = TOO_EARLY if by_schedule else TOO_EARLY_BY_HAND
    return state.since > time_as_tag(datetime.now(UTC) - too_early)


def request_as_tag(request: str) -> str:
    """Return a request's id, cut to 100 characters, with `-` for what a tag may not have."""
    return _NOT_IN_A_TAG.sub("-", request)[:_REQUEST_CHARACTERS]


def active(first: SecretView, second: SecretView) -> SecretView:
    """Return the secret of the active login: the login whose rotation ended last.

    Before any rotation has ended, the first login is active. The exception is a first login to
    which a rotation is under way: then the second login is active.
    """
    one, other = rotation_state_of(first.tags), rotation_state_of(second.tags)
    if one.since == other.since:
        return second if one.begun and not other.begun else first
    return first if one.since > other.since else second


@dataclass(frozen=True, eq=False)
class RotatedLoginSecret(LoginSecret):
    """The secret of one of the two logins; a tag names the secret of the other login."""

    other_login: str
    """The user name of the other login."""

    @property
    def tags(self) -> dict[str, str]:
        """Return the owner's tags, and the name of the other login's secret."""
        other = LoginSecret(self.owner, self.kms_key_arn, self.other_login)
        return {**super().tags, OTHER_LOGIN_TAG: other.name}


@dataclass(frozen=True)
class ActiveLoginView:
    """The ARN of the active login's secret, and the ARNs of every login that may become active."""

    arn: str
    all_arns: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ActiveLogin(Observed[ActiveLoginView]):
    """The login that a service uses, where the secret that its stack names is one of two.

    CloudFormation goes on giving the ARN that the database returned when it was last changed.
    """

    display_name: ClassVar[str] = "active database login"

    owner: Owner
    secret_arn: Value[str]

    def observe(self) -> Observation[ActiveLoginView]:
        """Read the tags of the secret and of the other login's (secretsmanager:DescribeSecret).

        A secret that may not be read here is taken as it is named. The task that needs it shows
        whether it can be used.
        """
        arn = known(self.secret_arn)
        named = _look(arn)
        other = _look(named.tags.get(OTHER_LOGIN_TAG, "")) if named else None
        if named is None or other is None or not self._may_use_both(named, other):
            return Observation(ActiveLoginView(arn, (arn,)))
        both = (named.arn, other.arn)
        return Observation(ActiveLoginView(active(named, other).arn, tuple(sorted(both))))

    def _may_use_both(self, named: SecretView, other: SecretView) -> bool:
        """Tell whether one resource owns both secrets, and the other may be used as well.

        Anybody can write the name of another secret into a secret's tag.
        """
        return one_owner(named.tags, other.tags) and not refusal(self.owner, other.tags)


def _look(name: str) -> SecretView | None:
    try:
        return read_secret(name) if name else None
    except Exception as error:
        if code(error) in DENIED:
            return None
        raise
