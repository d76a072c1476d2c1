"""The roles inside the database, the logins with their secrets, and the rotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.events.rule import Rule, function_arn
from cfn_mlflow.aws.events.rule_names import ROTATION_RULE
from cfn_mlflow.aws.rds.cluster import DBCluster
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.aws.secretsmanager.password_secret import MirroredSecret
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.postgres.login import DatabaseLogin, idle_seconds
from cfn_mlflow.postgres.master_password import MasterPassword
from cfn_mlflow.postgres.roles import (
    MIGRATION_LOGIN,
    OWNER_ROLE,
    RUNTIME_ROLE,
    SECOND_SERVICE_LOGIN,
    SERVICE_LOGIN,
    DatabaseRole,
    Privileges,
)
from cfn_mlflow.rotation.logins import BY_SCHEDULE_KEY, CLUSTER_KEY, RotatedLoginSecret
from cfn_mlflow.types.values.schedules import NEVER


@dataclass(frozen=True)
class Master:
    """The cluster and the secret by which the Data API logs in as the master."""

    cluster_arn: Output[str]
    secret_arn: Output[str]


def kept_password(master: Master, cluster: DBCluster, mirror: MirroredSecret) -> MasterPassword:
    """Return the step that keeps the master password equal to the user's secret."""
    return MasterPassword(
        master.cluster_arn,
        master.secret_arn,
        cluster.output(lambda view: view.identifier),
        secret_version=mirror.output(lambda view: view.version),
    )


def roles(
    graph: Graph,
    first: tuple[Observed[Any], ...],
    master: Master,
    after: tuple[Observed[Any], ...],
) -> tuple[Observed[Any], ...]:
    """Add `first`, then the roles and their rights, each after the one before; return them all."""
    reach = (master.cluster_arn, master.secret_arn)
    inside = (
        DatabaseRole(*reach, OWNER_ROLE),
        DatabaseRole(*reach, RUNTIME_ROLE),
        Privileges(*reach),
    )
    for managed in (*first, *inside):
        after = (*after, graph.add(managed, after=after))
    return after


@dataclass(frozen=True)
class LoginSecrets:
    """The secrets of the logins: the service's two, and the migration's."""

    first: RotatedLoginSecret
    second: RotatedLoginSecret
    migration: LoginSecret


def login_secrets(graph: Graph, owner: Owner, key_arn: str | None) -> LoginSecrets:
    """Add the secret of each login, encrypted with the key `key_arn` or AWS's own."""
    first = RotatedLoginSecret(owner, key_arn, SERVICE_LOGIN, SECOND_SERVICE_LOGIN)
    second = RotatedLoginSecret(owner, key_arn, SECOND_SERVICE_LOGIN, SERVICE_LOGIN)
    migration = LoginSecret(owner, key_arn, MIGRATION_LOGIN)
    return LoginSecrets(graph.add(first), graph.add(second), graph.add(migration))


def logins(
    graph: Graph,
    master: Master,
    cluster: DBCluster,
    secrets: LoginSecrets,
    after: tuple[Observed[Any], ...],
) -> tuple[DatabaseLogin, ...]:
    """Add the logins: the service's two may change data, the migration's acts as the owner."""
    idle = cluster.output(idle_seconds)
    return tuple(
        graph.add(
            DatabaseLogin(
                master.cluster_arn,
                master.secret_arn,
                secret.username,
                secret_arn=secret.output(lambda view: view.arn),
                secret_version=secret.output(lambda view: view.version),
                member_of=role,
                acts_as=acts_as,
                idle_seconds=idle_after,
            ),
            after=after,
        )
        for secret, role, acts_as, idle_after in (
            (secrets.first, RUNTIME_ROLE, SERVICE_LOGIN, idle),
            (secrets.second, RUNTIME_ROLE, SECOND_SERVICE_LOGIN, idle),
            (secrets.migration, OWNER_ROLE, OWNER_ROLE, None),
        )
    )


def rotation(
    graph: Graph,
    owner: Owner,
    schedule: str | None,
    cluster: DBCluster,
    after: tuple[Observed[Any], ...],
) -> None:
    """Add the rule that rotates the two logins, if there is a schedule."""
    rule = Rule(
        owner,
        part=ROTATION_RULE,
        expression=schedule or NEVER,
        function_arn=function_arn(owner, "Rotation"),
        event={CLUSTER_KEY: cluster.identifier, BY_SCHEDULE_KEY: True},
    )
    if rule.expression != NEVER:
        graph.add(rule, after=(cluster, *after))
    else:
        graph.without(rule, after=(cluster, *after))
