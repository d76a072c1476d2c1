"""ECS: the task definition of the migration. Each of its revisions is one attempt."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.aws.ecs.task_definition import TaskDefinition, TaskDefinitionView, deregister
from cfn_mlflow.engine.resource import Undone
from cfn_mlflow.upgrade.image_task import runs_of_family
from cfn_mlflow.upgrade.migration.notes import MIGRATE, SCHEMA_TAG


@dataclass(frozen=True, eq=False)
class MigrationDefinition(TaskDefinition, Undone[TaskDefinitionView]):
    """The task definition of which inspection, rehearsal, migration and deep check are tasks."""

    def give_up(self) -> None:
        """Deregister the revision, so that the next attempt has its own inspection and snapshot.

        A revision stays if it is noted, or if a migration of it has begun. The next attempt finds
        that migration's end there. Rests on ecs:DescribeTaskDefinition, ListTasks, DescribeTasks
        and DeregisterTaskDefinition.
        """
        found = self.observe()
        if found is None or found.conflict or SCHEMA_TAG in found.view.tags:
            return
        runs = runs_of_family(self.owner, self.owner.name(), self.family, MIGRATE)
        if not any(task.definition_arn == found.view.arn for task in runs):
            deregister(found.view.arn)
