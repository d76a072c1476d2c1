"""Custom::MLflowSchema: the properties of the check in a deploy, by hand and on a schedule."""

from __future__ import annotations

from collections.abc import Mapping

from cfn_mlflow.types.common.image import ImageProperties
from cfn_mlflow.types.values.base import described
from cfn_mlflow.types.values.names import (
    ClusterArn,
    DatabaseName,
    Revision,
    SecretArn,
    TaskDefinitionArn,
)

CHECK = "Check"
RESOURCE = "Resource"
"""The two keys of an event that asks for a check: the check, and the resource of the metric."""

METRIC = "SchemaDifferences"
"""The metric with the number of differences that a check on a schedule has found."""


class CheckedDatabase(ImageProperties):
    """A database, and the MLflow release to compare it with.

    The type makes no objects, so it has neither a UniqueName nor tags.
    """

    cluster_arn: ClusterArn = described(
        "ClusterArn",
        "ARN of the Aurora cluster. Its Data API must be on.",
        example="arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    )
    secret_arn: SecretArn = described(
        "SecretArn",
        "ARN of the secret with a login that can read the schema.",
        example="arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-service-AbCdEf",
    )
    database_name: DatabaseName = described(
        "DatabaseName", "Name of MLflow's database.", default="mlflow", example="mlflow"
    )

    @property
    def unique_name(self) -> str:
        """Return an empty text: the type makes no objects."""
        return ""

    @property
    def tags(self) -> Mapping[str, str]:
        """Return no tags: the type makes no objects."""
        return {}


class SchemaProperties(CheckedDatabase):
    """The check as a resource. CloudFormation checks again when a property changes."""

    task_definition_arn: TaskDefinitionArn | None = described(
        "TaskDefinitionArn",
        "Task definition of the deploy to watch. It is not read: its change is what makes"
        " CloudFormation check again.",
        default=None,
        default_words="checked when another property changes",
        example="arn:aws:ecs:eu-west-1:123456789012:task-definition/mlflow:7",
    )


class CheckEvent(CheckedDatabase):
    """The check by hand or on a schedule: the object under `Check` in its event."""

    expected_revision: Revision | None = described(
        "ExpectedRevision",
        "Revision to expect, where the image's tag names no release.",
        default=None,
        default_words="that of the image's release",
        example="dc11669786a5",
    )
