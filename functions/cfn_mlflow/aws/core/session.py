"""The AWS clients: those of the function's own role, and those of the working role.

The function's own role may do next to nothing: ask CloudFormation, invoke the function itself,
publish its metric, and assume the working role. What a request does is done in a session of the
working role that carries the stack as session tags. IAM compares them with the tags and names of
what is touched: so the session of one stack never reaches what is another's.

Every client is impatient, with few tries of its own.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from cfn_mlflow.aws.core.errors import DENIED, code, explain
from cfn_mlflow.aws.core.owner import DIGEST_TAG, STACK_NAME_TAG, STACK_TAG
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason

if TYPE_CHECKING:
    from botocore.config import Config

ROLE_VARIABLE = "WORKING_ROLE_ARN"
"""The environment variable that names the working role."""

PATIENCE = 120.0
"""Seconds for which a denial counts as one that passes: IAM spreads a new role within these."""

PAUSE = 2.0
"""Seconds between two tries to assume the role, as all objects of one step ask for it."""

LONGEST_SESSION_NAME = 64

NO_STACKS_NAME = "-"
"""The name of a stack begins with a letter: so nothing is shared with this one."""

now = time.monotonic


@dataclass(frozen=True)
class Tenant:
    """The resource for whose stack something is done; without a name where that is not known."""

    stack: str
    """The stack's GUID, which begins the owner tag of all that is the stack's."""
    digest: str
    stack_name: str = ""

    @property
    def tags(self) -> list[dict[str, str]]:
        """Return the session tags, each with a value.

        IAM may hold a statement invalid as a whole if it names a tag that a session has not.
        """
        name = self.stack_name or NO_STACKS_NAME
        tags = {STACK_TAG: self.stack, DIGEST_TAG: self.digest, STACK_NAME_TAG: name}
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    @property
    def session_name(self) -> str:
        """Return what AWS's records call the session: stack and digest."""
        room = LONGEST_SESSION_NAME - len(self.digest) - 1
        return f"{(self.stack_name or self.stack)[:room]}-{self.digest}"


@dataclass
class _Working:
    """The session of one tenant, assumed at the first client that is asked for.

    Nothing is refreshed: a session lives for an hour, an invocation for a quarter of one.
    """

    tenant: Tenant
    _clients: dict[str, Any] = field(default_factory=dict)
    _session: Any = None
    _first_try: float | None = None
    _next_try: float = 0.0

    def client(self, service: str) -> Any:
        """Return a client in the session. Raises TemporaryError, or PermanentError in the end."""
        if service not in self._clients:
            self._session = self._session or self._assume()
            self._clients[service] = self._session.create_client(service, config=_config())
        return self._clients[service]

    def _assume(self) -> Any:
        at = now()
        if at < self._next_try:
            raise TemporaryError("waiting for the provider's working role")
        self._first_try = at if self._first_try is None else self._first_try
        self._next_try = at + PAUSE
        try:
            found = own_client("sts").assume_role(
                RoleArn=_role_arn(),
                RoleSessionName=self.tenant.session_name,
                Tags=self.tenant.tags,
            )
        except Exception as error:
            raise self._explained(error) from error
        return _session_with(found["Credentials"])

    def _explained(self, error: Exception) -> Exception:
        """Return a denial as one that passes, for as long as IAM may not know the role yet."""
        if code(error) not in DENIED:
            return explain("the provider's working role", error)
        if now() - (self._first_try or 0) < PATIENCE:
            return TemporaryError(f"the provider's working role cannot be used yet ({code(error)})")
        return PermanentError(
            Reason.WorkingRoleDenied,
            f"the function may not assume the provider's working role {_role_arn()}. Update the "
            f"provider's stack, or lift what denies sts:AssumeRole and sts:TagSession on the "
            f"role, then deploy again",
        )


class _Now:
    """For whom this process acts at this moment."""

    working: _Working | None = None


def act_for(tenant: Tenant) -> None:
    """Make all later clients act for this tenant, in a new session of the working role.

    It is called once for each request, before any AWS call.
    """
    _Now.working = _Working(tenant)


def client(service: str) -> Any:
    """Return the client of an AWS service, such as `rds`, in the session of the tenant.

    Raises RuntimeError if nobody has said for whom.
    """
    if _Now.working is None:
        raise RuntimeError(f"nobody has said for which stack {service} is asked")
    return _Now.working.client(service)


@cache
def own_client(service: str) -> Any:
    """Return a client of the function's own role; the same one for a whole process."""
    return _session().client(service, config=_config())


def forget_clients() -> None:
    """Forget every client, so that the next is made for the credentials and endpoint of then."""
    if _Now.working:
        act_for(_Now.working.tenant)
    own_client.cache_clear()
    _session.cache_clear()


def _role_arn() -> str:
    try:
        return os.environ[ROLE_VARIABLE]
    except KeyError:
        raise PermanentError(
            Reason.WorkingRoleDenied,
            "the provider is half updated: its function knows no working role. Update the "
            "provider's stack, then deploy again",
        ) from None


@cache
def _config() -> Config:
    from botocore.config import Config  # noqa: PLC0415 - an import of 100 ms, paid at the first call

    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
    )


@cache
def _session() -> Any:
    import boto3  # noqa: PLC0415 - an import of 100 ms, paid at the first call

    return boto3.session.Session()


def _session_with(credentials: dict[str, Any]) -> Any:
    """Return a session with these credentials; what botocore has read of services is kept.

    The models of a dozen services, read anew for each request, would cost half a second.
    """
    from botocore.session import get_session  # noqa: PLC0415 - as above

    made = get_session()
    made.register_component("data_loader", _session()._session.get_component("data_loader"))
    made.set_credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    return made
