"""ECS: the service. It is ready once the deployment of the asked task definition has completed.

A circuit breaker that rolled back leaves a stable service too, but of the old task definition. That
is a failure here, and the reason names its first cause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.compare import differences
from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owned_object import OwnedObject
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags, set_tags
from cfn_mlflow.aws.ecs.service_view import Deployment, ServiceView, read_service
from cfn_mlflow.aws.ecs.task import Task, cut, tasks, why
from cfn_mlflow.aws.ecs.task_definition import deregister
from cfn_mlflow.aws.elbv2.target_group import unhealthy
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import Cause, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason

DATABASE_TAG = "cfn-mlflow:database"
"""Names the Aurora cluster that a service works with."""

GRACE_SECONDS = 180
"""Seconds for which a new task may be unhealthy: MLflow waits up to 101 s for a database."""

FAILURES_THAT_TELL = 2
"""Failed tasks of a deployment, while none runs, after which the deployment counts as failed."""

COUNT_TAG = "cfn-mlflow:count"
"""The number of tasks that a service had before a migration stopped it, and gets again after."""

NO_FAILURE = ("Scaling activity initiated by", "Task stopped by user")
"""The beginnings of the reason of a task that was stopped on purpose."""


def _as_it_is(cause: Cause) -> Cause:
    return cause


@dataclass(frozen=True, eq=False)
class Service(OwnedObject[ServiceView]):
    """Fargate tasks of one task definition behind one target group.

    `min_capacity` tasks are started. Later autoscaling sets their number, within the bounds.
    """

    display_name: ClassVar[str] = "ECS service"

    definition_arn: Value[str]
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[Value[str], ...]
    target_group_arn: Value[str]
    container: str
    port: int
    min_capacity: int
    max_capacity: int
    log_group: str
    told: Value[Callable[[Cause], Cause]] = _as_it_is
    """Returns the reason for the user, given the cause of a failed deployment."""
    database: Value[str] = ""
    """The identifier of the Aurora cluster, if it is known. A rotation finds the service by it."""

    @property
    def name(self) -> str:
        """Return the service's name, and its cluster's."""
        return self.owner.name()

    @property
    def resource_id(self) -> str:
        """Return the service's resource id in Application Auto Scaling."""
        return f"service/{self.name}/{self.name}"

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings that CreateService and UpdateService have in common."""
        return {
            "taskDefinition": known(self.definition_arn),
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": sorted(self.subnet_ids),
                    "securityGroups": sorted(map(known, self.security_group_ids)),
                    "assignPublicIp": "DISABLED",
                }
            },
            "loadBalancers": [
                {
                    "targetGroupArn": known(self.target_group_arn),
                    "containerName": self.container,
                    "containerPort": self.port,
                }
            ],
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
            },
            "healthCheckGracePeriodSeconds": GRACE_SECONDS,
            "propagateTags": "SERVICE",
            "enableECSManagedTags": True,
            "availabilityZoneRebalancing": "ENABLED",
        }

    @property
    def _wiring(self) -> dict[str, str]:
        """Return the tag that names the database behind it, beside the owner's tags."""
        database = known(self.database)
        return {DATABASE_TAG: database} if database else {}

    def observe(self) -> Observation[ServiceView] | None:
        """Read the service (ecs:DescribeServices); one that was deleted is shown as INACTIVE."""
        return self.found(read_service(self.name, self.name))

    def create(self) -> None:
        """Make the service with its tags (ecs:CreateService)."""
        ecs().create_service(
            cluster=self.name,
            serviceName=self.name,
            launchType="FARGATE",
            desiredCount=self.min_capacity,
            tags=ecs_tags({**self.owner.tags, **self._wiring}),
            **self.settings,
        )

    def compare(self, found: Observation[ServiceView]) -> Observation[ServiceView]:
        """Name what differs, else how far the deployment is; fail if our deployment failed."""
        if found.view.status == "DRAINING":
            return replace(found, busy="an older service of this name is draining")
        for deployment in found.view.deployments:
            if self._is_ours(deployment) and deployment.rollout == "FAILED":
                self._fail(deployment.rollout_reason)
        differs = self._differs(found.view)
        if differs:
            return replace(found, differs=differs)
        return replace(found, not_ready=self._not_ready(found.view))

    def _is_ours(self, deployment: Deployment) -> bool:
        return deployment.definition_arn == known(self.definition_arn)

    def _differs(self, view: ServiceView) -> tuple[str, ...]:
        """Name what differs; the number of tasks only if it is out of bounds."""
        different = list(differences(view.settings, self.settings))
        if self._desired(view) != view.desired:
            different.append("desiredCount")
        if COUNT_TAG in view.tags:
            different.append("end of its standstill")
        if self.owner.lacks(view.tags, self._wiring):
            different.append("tags")
        return tuple(different)

    def update(self, found: Observation[ServiceView]) -> None:
        """Set what differs (ecs:UpdateService, TagResource, UntagResource)."""
        view, different = found.view, found.differs
        if "tags" in different:
            set_tags(self.owner, view.arn, view.tags, self._wiring)
        asked = {**self.settings, "desiredCount": self._desired(view)}
        changed = {key: value for key, value in asked.items() if key in different}
        if changed:
            ecs().update_service(cluster=self.name, service=self.name, **changed)
        if COUNT_TAG in view.tags:
            ecs().untag_resource(resourceArn=view.arn, tagKeys=[COUNT_TAG])

    def _not_ready(self, view: ServiceView) -> str:
        """Return the progress of the deployment, or an empty text once it has completed.

        Raises PermanentError once several of its tasks failed while none runs.
        """
        primary = view.primary
        if primary is None or not self._is_ours(primary):
            return "a deployment is starting"
        if primary.rollout in ("COMPLETED", "") and view.running == view.desired:
            return ""
        if primary.failed_tasks >= FAILURES_THAT_TELL and primary.running == 0:
            self._fail(primary.rollout_reason)
        return self._progress(view, primary)

    def delete(self, view: ServiceView) -> None:
        """Delete the service and stop its tasks (ecs:DeleteService with force)."""
        if view.status == "DRAINING":
            raise TemporaryError("its tasks are stopping")
        try:
            ecs().delete_service(cluster=self.name, service=self.name, force=True)
        except Exception as error:
            if code(error) not in ("ServiceNotFoundException", "ServiceNotActiveException"):
                raise

    def _desired(self, view: ServiceView) -> int:
        """Return the number of tasks that it should have: as many as before a standstill."""
        count = int(view.tags.get(COUNT_TAG, view.desired))
        return max(self.min_capacity, min(self.max_capacity, count))

    def _progress(self, view: ServiceView, primary: Deployment) -> str:
        progress = f"{primary.running} of {view.desired} new tasks running"
        if primary.running >= view.desired:
            starting = primary.is_younger_than(GRACE_SECONDS)
            ill = unhealthy(known(self.target_group_arn), starting=starting)
            return f"{progress}, {ill or 'old ones stopping'}"
        if primary.failed_tasks:
            progress += f", {primary.failed_tasks} failed"
        return progress

    def _fail(self, rollout_reason: str) -> None:
        """Raise PermanentError with the first cause, and deregister the failed task definition."""
        first = self._first_failure()
        if first is None:
            said = cut(rollout_reason or "its tasks failed", 200)
            cause = Cause(Reason.ServiceNotStable, f"{said}. See log group {self.log_group}")
        else:
            cause = why(first, self.log_group)
        deregister(known(self.definition_arn))
        told = known(self.told)(Cause(cause.reason, f"{self.display_name}: {cause.words}"))
        raise PermanentError(told.reason, told.words)

    def _first_failure(self) -> Task | None:
        ours = (
            task
            for task in tasks(self.name, stopped=True, serviceName=self.name)
            if task.definition_arn == known(self.definition_arn)
            and not task.stopped_reason.startswith(NO_FAILURE)
        )
        return next(ours, None)
