"""ECS: the old tasks, which stop while the schema is migrated and start again in every case.

One release of MLflow must not serve on the schema of another. Autoscaling is suspended first,
because it would start tasks again. Then the count is set to 0, and the last task's end is awaited.

Tags on the service and on its scalable target note the former settings before each change, until
they are back. So the next invocation knows what to restore after a success, a failure or a kill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.autoscaling.suspension import Suspension, resume, suspend, suspension_of
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags
from cfn_mlflow.aws.ecs.service import COUNT_TAG
from cfn_mlflow.aws.ecs.service_view import ServiceView, read_service
from cfn_mlflow.aws.ecs.task import tasks
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Undone, Updatable
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.image_task import migrations


@dataclass(frozen=True)
class StoppedServiceView:
    """The service, if there is one, its scaling, and the number of tasks that have not stopped."""

    service: ServiceView | None = None
    scaling: Suspension | None = None
    tasks: int = 0


@dataclass(frozen=True, eq=False)
class StoppedService(Updatable[StoppedServiceView], Undone[StoppedServiceView]):
    """The service without a task, while `moves` says that the schema is to be migrated."""

    display_name: ClassVar[str] = "old tasks"

    owner: Owner
    resource_id: str
    migration_family: str
    moves: Value[bool]

    @property
    def name(self) -> str:
        """Return the name of the service and of its cluster."""
        return self.owner.name()

    def observe(self) -> Observation[StoppedServiceView]:
        """Read the service, its tasks and its scaling, if they are to stop.

        Rests on ecs:DescribeServices, ListTasks, DescribeTasks and
        application-autoscaling:DescribeScalableTargets, ListTagsForResource.
        """
        return Observation(self._read() if known(self.moves) else StoppedServiceView())

    def compare(self, found: Observation[StoppedServiceView]) -> Observation[StoppedServiceView]:
        """Name what still lets tasks run or start, and how many tasks are still stopping."""
        view = found.view
        if view.service is None:
            return found
        differs = found.differing(
            {
                "autoscaling": view.scaling is not None and not view.scaling.whole,
                "count": view.service.desired > 0,
            }
        )
        return replace(differs, not_ready=f"{view.tasks} stopping" if view.tasks else "")

    def update(self, found: Observation[StoppedServiceView]) -> None:
        """Suspend autoscaling, then stop all tasks. Tags note the former settings first.

        Rests on application-autoscaling:TagResource, RegisterScalableTarget, ecs:TagResource,
        UpdateService.
        """
        view = found.view
        if view.service is None:
            return
        if view.scaling and not view.scaling.whole:
            suspend(view.scaling)
        if view.service.desired:
            if COUNT_TAG not in view.service.tags:
                count = {COUNT_TAG: str(view.service.desired)}
                ecs().tag_resource(resourceArn=view.service.arn, tags=ecs_tags(count))
            ecs().update_service(cluster=self.name, service=self.name, desiredCount=0)
            log.info(f"Stopping {view.service.desired} old tasks while the schema is migrated")

    def give_up(self) -> None:
        """Start the tasks again, and resume autoscaling, unless a migration still runs.

        Rests on ecs:UpdateService, UntagResource, application-autoscaling:RegisterScalableTarget
        and UntagResource.
        """
        view = self._read()
        if migrations(self.owner, self.name, self.migration_family):
            log.info("The old tasks stay stopped, because a migration still runs")
            return
        if view.service and COUNT_TAG in view.service.tags:
            count = int(view.service.tags[COUNT_TAG])
            if view.scaling:
                count = max(view.scaling.least, min(view.scaling.most, count))
            if view.service.desired != count:
                ecs().update_service(cluster=self.name, service=self.name, desiredCount=count)
            ecs().untag_resource(resourceArn=view.service.arn, tagKeys=[COUNT_TAG])
            log.info(f"Starting {count} old tasks again")
        if view.scaling:
            resume(view.scaling)

    def _read(self) -> StoppedServiceView:
        service = read_service(self.name, self.name)
        if service is None or service.status != "ACTIVE":
            return StoppedServiceView()
        found = [
            *tasks(self.name, stopped=False, serviceName=self.name),
            *(t for t in tasks(self.name, stopped=True, serviceName=self.name) if not t.stopped),
        ]
        return StoppedServiceView(service, suspension_of(self.resource_id), len(found))
