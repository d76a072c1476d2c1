"""A rotation: the idle one of two logins gets a new password, and the service moves to it.

Nothing is stored but a tag (`logins.py`): which login is idle is told by what runs, and each
step looks whether it is done. So a rotation that is killed and run again ends in the same place.
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
from cfn_mlflow.rotation.logins import (
    BY_SCHEDULE_KEY,
    CLUSTER_KEY,
    active,
    just_over,
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
"""Told of a rotation that is too early: when the last one ended."""

_CLUSTER = re.compile(r"[a-z][a-z0-9-]*-database-[a-z2-7]{10}")


@dataclass(frozen=True)
class Order:
    """What one rotation is asked: for which database, by which request, and if by the rule."""

    cluster: str
    request: str
    by_schedule: bool = False


def order(event: Mapping[str, Any], request_id: str) -> Order:
    """Return what an event asks for. Raises PermanentError if it names no database of ours.

    A request is known by its invocation's id, which Lambda keeps when it runs one again.
    """
    cluster = event.get(CLUSTER_KEY)
    if not isinstance(cluster, str) or not _CLUSTER.fullmatch(cluster):
        raise PermanentError(
            f"{CLUSTER_KEY}: must be the identifier of a database cluster that cfn-mlflow made, "
            f"...-database-..."
        )
    return Order(cluster, request_as_tag(request_id), event.get(BY_SCHEDULE_KEY) is True)


class Rotation:
    """One rotation, as a step that is called until it is done."""

    def __init__(self, asked: Order, caller: Caller) -> None:
        self._asked = asked
        self._caller = caller
        self._convergence: Convergence | None = None
        self._acts = False

    def step(self) -> Outcome:
        """Look once, and move on. Raises TemporaryError, or PermanentError with the reason."""
        if not self._acts:
            tags = act_for_owner_of(self._asked.cluster)
            self._caller.check(ROTATION_RULE, self._asked.cluster.replace("-database-", "-"), tags)
            self._acts = True
        if self._convergence is None:
            try:
                turn = _look(self._asked)
            except (TemporaryError, PermanentError):
                raise
            except Exception as error:
                raise explain("rotation", error) from error
            if turn.over:
                return Done(turn.outputs)
            self._convergence = Convergence(_graph(turn), explain)
        try:
            return self._convergence.step()
        except OutdatedError:
            self._convergence = None
            raise


@dataclass(frozen=True)
class _Plan:
    """What was found: who is idle, who is in use, and what is to be moved."""

    idle: StandbyLogin
    used: SecretView
    request: str
    """That asks for a turn now."""
    over: bool
    """Whether there is nothing to do."""
    repeats: str
    """When the turn of another request ended that this one is too early after; else empty."""
    services: tuple[WiredService, ...]
    idle_seconds: int | None
    """After how long the database ends an idle session of the login."""

    @property
    def outputs(self) -> dict[str, str]:
        """Return what a rotation answers: names, and nothing secret."""
        told = {"Login": self.idle.name, "SecretArn": self.idle.secret_arn}
        return {**told, NOT_REPEATED: self.repeats} if self.repeats else told


def _look(asked: Order) -> _Plan:
    """Read how things stand."""
    cluster = _cluster(asked.cluster)
    first, second = (_secret(cluster, login) for login in (SERVICE_LOGIN, SECOND_SERVICE_LOGIN))
    sharers = sharers_of(cluster.tags)
    services = wired_services(cluster.identifier, sharers)
    last = active(first, second)
    over = _is_over(asked, first, second)
    turn = rotation_state_of(last.tags)
    repeats = turn.since if over and turn.request != asked.request else ""
    used = last if over else _used(first, second, services)
    idle = last if over else (second if used is first else first)
    name = SERVICE_LOGIN if idle is first else SECOND_SERVICE_LOGIN
    master = cluster.master_secret_arn or _secret(cluster, MASTER_NAME).arn
    login = StandbyLogin(name, idle.arn, cluster.identifier, cluster.arn, master, sharers)
    return _Plan(login, used, asked.request, over, repeats, services, idle_seconds(cluster))


def _is_over(asked: Order, first: SecretView, second: SecretView) -> bool:
    """Tell whether the last turn was this request's, or ended too lately for another.

    A turn that has begun is gone on with.
    """
    last = rotation_state_of(active(first, second).tags)
    if last.begun:
        return False
    begun = any(rotation_state_of(view.tags).begun for view in (first, second))
    too_early = not begun and just_over(last, by_schedule=asked.by_schedule)
    return last.request == asked.request or too_early


def _cluster(identifier: str) -> DBClusterView:
    view = read_cluster(identifier)
    if view is None or OWNER_TAG not in view.tags:
        raise PermanentError(f"{CLUSTER_KEY}: there is no database {identifier} of cfn-mlflow's")
    if COMPLETE_TAG not in view.tags:
        raise PermanentError(f"database {identifier} is not complete: deploy its stack first")
    return view


def _secret(cluster: DBClusterView, login: str) -> SecretView:
    """Return the secret of a login, by the name that its database gives it."""
    secret = LoginSecret(_owner(cluster), None, login)
    view = read_secret(secret.name)
    if view is None or view.deleted or view.tags.get(OWNER_TAG) != cluster.tags[OWNER_TAG]:
        raise PermanentError(
            f"secret {secret.name} is not there: deploy the database's stack again"
        )
    return view


def _owner(cluster: DBClusterView) -> Owner:
    """Return an owner that names things as the one of the cluster does."""
    prefix, _, digest = cluster.identifier.rsplit("-", 2)
    return Owner("", "", "", digest, "", prefix)


def _used(first: SecretView, second: SecretView, services: tuple[WiredService, ...]) -> SecretView:
    """Return the secret of the login that is not to be touched.

    A turn that has begun is gone on with. Else what runs tells, and the tag where nothing does.
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


def _graph(turn: _Plan) -> Graph:
    """Return the steps, each after the one before."""
    graph, idle = Graph(), turn.idle
    begun = graph.add(BegunRotation(idle.secret_arn, turn.request, idle))
    request = begun.output(lambda view: rotation_state_of(view.tags).request)
    password = graph.add(NewPassword(idle.secret_arn, request, idle))
    login = graph.add(
        DatabaseLogin(
            idle.cluster_arn,
            idle.master_secret_arn,
            idle.name,
            secret_arn=password.output(lambda view: view.arn),
            secret_version=password.output(lambda view: view.version),
            member_of=RUNTIME_ROLE,
            acts_as=idle.name,
            idle_seconds=turn.idle_seconds,
        )
    )
    moved: list[Observed[Any]] = [login]
    for service in turn.services:
        former = service.view.definition_arn
        revision = graph.add(
            RevisionOnLogin(former, turn.used.arn, idle.secret_arn), after=(login,)
        )
        arn = revision.output(lambda view: view.arn)
        moved.append(graph.add(Redeployment(service.cluster, service.name, former, arn)))
    graph.add(
        FinishedRotation(idle.secret_arn, request, rotation_state_of(turn.used.tags).since),
        after=tuple(moved),
    )
    graph.give(turn.outputs)
    return graph
