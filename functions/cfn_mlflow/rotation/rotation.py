"""A rotation: the standby login gets a new password, and the services move to it.

Only a tag is stored (`logins.py`). What runs tells which login is the standby, and each step reads
whether it is done. So a rotation that is killed and run again ends in the same state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.core.owner import COMPLETE_TAG, OWNER_TAG, Owner
from cfn_mlflow.aws.core.sharers import sharers_of
from cfn_mlflow.aws.events.rule_names import ROTATION_RULE
from cfn_mlflow.aws.rds.client import MASTER_NAME
from cfn_mlflow.aws.rds.cluster_view import DBClusterView, read_cluster
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.aws.secretsmanager.secret import SecretView, read_secret
from cfn_mlflow.direct_invocation.caller import Caller
from cfn_mlflow.direct_invocation.cluster_tenant import act_for_owner_of
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import Done, Outcome, OutdatedError, PermanentError, TemporaryError
from cfn_mlflow.postgres.login import DatabaseLogin, idle_seconds
from cfn_mlflow.postgres.roles import RUNTIME_ROLE, SECOND_SERVICE_LOGIN, SERVICE_LOGIN
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.logins import (
    BY_SCHEDULE_KEY,
    CLUSTER_KEY,
    active,
    ended_recently,
    request_as_tag,
    rotation_state_of,
)
from cfn_mlflow.rotation.redeployment import Redeployment, RevisionOnLogin
from cfn_mlflow.rotation.standby_login import StandbyLogin
from cfn_mlflow.rotation.steps import BegunRotation, FinishedRotation, NewPassword
from cfn_mlflow.rotation.wired_services import (
    WiredService,
    names_secret,
    read_definition,
    wired_services,
)

NOT_REPEATED = "NotRepeatedAfter"
"""The key of the answer to a rotation that is too early: when the last one ended."""

_CLUSTER = re.compile(r"[a-z][a-z0-9-]*-database-[a-z2-7]{10}")


@dataclass(frozen=True)
class Order:
    """What one event asks for: the database, the request, whether the schedule's rule sent it."""

    cluster: str
    request: str
    by_schedule: bool = False


def order(event: Mapping[str, Any], request_id: str) -> Order:
    """Return what an event asks for. Raises PermanentError if it names no database of ours.

    `request_id` is the invocation's id. Lambda keeps it when it runs the invocation again.
    """
    cluster = event.get(CLUSTER_KEY)
    if not isinstance(cluster, str) or not _CLUSTER.fullmatch(cluster):
        raise PermanentError(
            Reason.InvalidRequest,
            f"{CLUSTER_KEY}: must be the identifier of a database cluster that cfn-mlflow made, "
            f"...-database-...",
        )
    return Order(cluster, request_as_tag(request_id), event.get(BY_SCHEDULE_KEY) is True)


class Rotation:
    """One rotation: a caller calls `step` until the rotation is done."""

    def __init__(self, asked: Order, caller: Caller) -> None:
        self._asked = asked
        self._caller = caller
        self._convergence: Convergence | None = None
        self._acts = False

    def step(self) -> Outcome:
        """Observe once, and do what is next.

        Raises TemporaryError if a later call may go on, or PermanentError with the reason.
        """
        if not self._acts:
            tags = act_for_owner_of(self._asked.cluster)
            self._caller.check(ROTATION_RULE, self._asked.cluster.replace("-database-", "-"), tags)
            self._acts = True
        if self._convergence is None:
            try:
                plan = _plan(self._asked)
            except (TemporaryError, PermanentError):
                raise
            except Exception as error:
                raise explain("rotation", error) from error
            if plan.nothing_to_do:
                return Done(plan.outputs)
            self._convergence = Convergence(_graph(plan), explain)
        try:
            return self._convergence.step()
        except OutdatedError:
            self._convergence = None
            raise


@dataclass(frozen=True)
class _Plan:
    """What a rotation is to do: the login to change, the active secret, the services to move."""

    standby: StandbyLogin
    """The login to change. If there is nothing to do, the login that is active already."""
    active: SecretView
    """The secret of the login that keeps its password."""
    request: str
    """The request that asks for this rotation."""
    nothing_to_do: bool
    too_early_after: str
    """When another request's rotation ended, if this one is too early after it; else empty."""
    services: tuple[WiredService, ...]
    """The services to move to the standby login."""
    idle_seconds: int | None
    """After how many seconds the database ends an idle session; None: never."""

    @property
    def outputs(self) -> dict[str, str]:
        """Return the answer: the login's name and its secret's ARN, and nothing secret."""
        answer = {"Login": self.standby.name, "SecretArn": self.standby.secret_arn}
        if self.too_early_after:
            return {**answer, NOT_REPEATED: self.too_early_after}
        return answer


def _plan(asked: Order) -> _Plan:
    """Read the cluster, the two logins' secrets and the services, and decide what to do."""
    cluster = _cluster(asked.cluster)
    first, second = (_secret(cluster, login) for login in (SERVICE_LOGIN, SECOND_SERVICE_LOGIN))
    sharers = sharers_of(cluster.tags)
    services = wired_services(cluster.identifier, sharers)
    last = active(first, second)
    nothing_to_do = _has_nothing_to_do(asked, first, second)
    state = rotation_state_of(last.tags)
    repeats = nothing_to_do and state.request != asked.request
    kept = last if nothing_to_do else _kept(first, second, services)
    changed = last if nothing_to_do else (second if kept is first else first)
    name = SERVICE_LOGIN if changed is first else SECOND_SERVICE_LOGIN
    master = cluster.master_secret_arn or _secret(cluster, MASTER_NAME).arn
    return _Plan(
        standby=StandbyLogin(name, changed.arn, cluster.identifier, cluster.arn, master, sharers),
        active=kept,
        request=asked.request,
        nothing_to_do=nothing_to_do,
        too_early_after=state.since if repeats else "",
        services=services,
        idle_seconds=idle_seconds(cluster),
    )


def _has_nothing_to_do(asked: Order, first: SecretView, second: SecretView) -> bool:
    """Tell whether this request's rotation has ended, or another one's ended too recently.

    A rotation that has begun is continued.
    """
    last = rotation_state_of(active(first, second).tags)
    if last.begun:
        return False
    begun = any(rotation_state_of(view.tags).begun for view in (first, second))
    too_early = not begun and ended_recently(last, by_schedule=asked.by_schedule)
    return last.request == asked.request or too_early


def _cluster(identifier: str) -> DBClusterView:
    view = read_cluster(identifier)
    if view is None or OWNER_TAG not in view.tags:
        raise PermanentError(
            Reason.NotFound, f"{CLUSTER_KEY}: cfn-mlflow has no database {identifier}"
        )
    if COMPLETE_TAG not in view.tags:
        raise PermanentError(
            Reason.DatabaseIncomplete,
            f"database {identifier} is not complete: deploy its stack first",
        )
    return view


def _secret(cluster: DBClusterView, login: str) -> SecretView:
    """Return the secret of a login (secretsmanager:DescribeSecret).

    Raises PermanentError if the cluster's owner has no such secret.
    """
    secret = LoginSecret(_owner(cluster), None, login)
    view = read_secret(secret.name)
    if view is None or view.deleted or view.tags.get(OWNER_TAG) != cluster.tags[OWNER_TAG]:
        raise PermanentError(
            Reason.DatabaseIncomplete,
            f"there is no secret {secret.name}: deploy the database's stack again",
        )
    return view


def _owner(cluster: DBClusterView) -> Owner:
    """Return an owner that names objects as the cluster's owner does."""
    prefix, _, digest = cluster.identifier.rsplit("-", 2)
    return Owner("", "", "", digest, "", prefix)


def _kept(first: SecretView, second: SecretView, services: tuple[WiredService, ...]) -> SecretView:
    """Return the secret of the login that keeps its password.

    If a rotation to one login has begun, it is the other login. Else it is the login that the
    services run on. If no service runs, or both logins have some, the tags decide.
    """
    begun = [view for view in (first, second) if rotation_state_of(view.tags).begun]
    if len(begun) == 1:
        return second if begun[0] is first else first
    running = [view for view in (first, second) if _runs_on(services, view)]
    return running[0] if len(running) == 1 else active(first, second)


def _runs_on(services: tuple[WiredService, ...], secret: SecretView) -> bool:
    return any(
        names_secret(read_definition(service.view.definition_arn)[0], secret.arn)
        for service in services
    )


def _graph(plan: _Plan) -> Graph:
    """Return the steps, each after the one before."""
    graph, standby = Graph(), plan.standby
    begun = graph.add(BegunRotation(standby.secret_arn, plan.request, standby))
    request = begun.output(lambda view: rotation_state_of(view.tags).request)
    password = graph.add(NewPassword(standby.secret_arn, request, standby))
    login = graph.add(
        DatabaseLogin(
            standby.cluster_arn,
            standby.master_secret_arn,
            standby.name,
            secret_arn=password.output(lambda view: view.arn),
            secret_version=password.output(lambda view: view.version),
            member_of=RUNTIME_ROLE,
            acts_as=standby.name,
            idle_seconds=plan.idle_seconds,
        )
    )
    moved: list[Observed[Any]] = [login]
    for service in plan.services:
        former = service.view.definition_arn
        revision = graph.add(
            RevisionOnLogin(former, plan.active.arn, standby.secret_arn), after=(login,)
        )
        arn = revision.output(lambda view: view.arn)
        moved.append(graph.add(Redeployment(service.cluster, service.name, former, arn)))
    active_since = rotation_state_of(plan.active.tags).since
    graph.add(FinishedRotation(standby.secret_arn, request, active_since), after=tuple(moved))
    graph.give(plan.outputs)
    return graph
