"""ECS: the task definition of the migration, of which each revision is one attempt."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.aws.ecs.task_definition import TaskDefinition, TaskDefinitionView, deregister
from cfn_mlflow.engine.resource import Undone
from cfn_mlflow.upgrade.image_task import runs_of_family
from cfn_mlflow.upgrade.migration.notes import MIGRATE, SCHEMA_TAG


@dataclass(frozen=True, eq=False)
class MigrationDefinition(TaskDefinition, Undone[TaskDefinitionView]):
    """What looks, rehearses, migrates and checks runs of its newest revision."""

    def give_up(self) -> None:
        """Let the next attempt be one of its own, with a look and a snapshot of then.

        What a migration has begun goes on with its revision: there its end is found and noted.
        Rests on ecs:DescribeTaskDefinition, ListTasks, DescribeTasks, DeregisterTaskDefinition.
        """
        found = self.observe()
        if found is None or found.conflict or SCHEMA_TAG in found.view.tags:
            return
        runs = runs_of_family(self.owner, self.owner.name(), self.family, MIGRATE)
        if not any(task.definition_arn == found.view.arn for task in runs):
            deregister(found.view.arn)
