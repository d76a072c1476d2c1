"""Finds what still uses a login, so that its password changes only when nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cfn_mlflow.aws.core.sharers import Sharers
from cfn_mlflow.aws.ecs.service import COUNT_TAG
from cfn_mlflow.aws.rds.client import DATABASE_NAME
from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.wired_services import (
    WiredService,
    names_secret,
    read_definition,
    wired_services,
)

SESSIONS = """
SELECT pg_catalog.count(*) AS sessions FROM pg_catalog.pg_stat_activity s,
(SELECT pid, application_name FROM pg_catalog.pg_stat_activity
WHERE pid = pg_catalog.pg_backend_pid()) AS me
WHERE s.usename = CAST(:login AS name) AND s.pid <> me.pid
AND s.application_name IS DISTINCT FROM me.application_name
"""
"""Counts a login's sessions, except those that the Data API keeps open.

The Data API's sessions have the application name of the session that asks."""


@dataclass(frozen=True)
class StandbyLogin:
    """The login that gets a new password: nothing may use it by then."""

    name: str
    secret_arn: str
    cluster: str
    cluster_arn: str
    master_secret_arn: str
    """The login that counts the sessions in the database."""
    sharers: Sharers
    """The stacks whose services work with the database."""

    def check(self) -> None:
        """Raise PermanentError if anything uses the login, or if a deployment is under way.

        The reason names everything that was found. Rests on tag:GetResources,
        ecs:DescribeServices, ListTasks, DescribeTasks, DescribeTaskDefinition and the Data API.
        """
        services = wired_services(self.cluster, self.sharers)
        found = [*_under_way(services), *self._used_by(services)]
        if not found:
            found = [*self._sessions()]
        if found:
            raise PermanentError(
                Reason.LoginInUse,
                f"{'; '.join(found)}. Nothing was changed. Rotate again once this has ended",
            )

    def _used_by(self, services: tuple[WiredService, ...]) -> Iterator[str]:
        for service in services:
            for arn in sorted(service.definition_arns):
                definition, _ = read_definition(arn)
                if names_secret(definition, self.secret_arn):
                    revision = arn.rsplit("/", 1)[-1]
                    yield f"service {service.name} still runs on {self.name} ({revision})"

    def _sessions(self) -> Iterator[str]:
        database = Database(self.cluster_arn, self.master_secret_arn, DATABASE_NAME)
        count = database.query(SESSIONS, {"login": self.name})[0]["sessions"]
        if count:
            yield f"{self.name} still has {count} sessions in the database"


def _under_way(services: tuple[WiredService, ...]) -> Iterator[str]:
    for service in services:
        if COUNT_TAG in service.view.tags:
            yield f"service {service.name} is stopped for a migration"
        if service.view.is_deploying:
            yield f"a deployment of service {service.name} is under way"
        newest = _newest_of_the_family(service.view.definition_arn)
        if newest != service.view.definition_arn:
            yield f"service {service.name} does not run {newest.rsplit('/', 1)[-1]} yet"
        for task in service.own_tasks:
            revision = task.definition_arn.rsplit("/", 1)[-1]
            yield f"a task of cfn-mlflow is running ({revision})"


def _newest_of_the_family(definition_arn: str) -> str:
    """Return the newest active revision of a family.

    If another revision runs, a stack has registered the newest one and is about to deploy it.
    """
    family = definition_arn.rsplit("/", 1)[-1].rpartition(":")[0]
    newest, _ = read_definition(family)
    return str(newest["taskDefinitionArn"])
