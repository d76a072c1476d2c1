"""Custom::MLflowSchema: the check after the deploy, by reading only."""

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
"""The two properties of an event that asks for a check: what, and whose drift it is."""

METRIC = "SchemaDifferences"
"""The metric of what a check on a schedule has found."""


class CheckedDatabase(ImageProperties):
    """Which database is compared with which MLflow release; nothing is made, so nothing named."""

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
        """Nothing is made."""
        return ""

    @property
    def tags(self) -> Mapping[str, str]:
        """Nothing is made."""
        return {}


class SchemaProperties(CheckedDatabase):
    """The check as a resource: CloudFormation makes it again when one of these changes."""

    task_definition_arn: TaskDefinitionArn | None = described(
        "TaskDefinitionArn",
        "Task definition of the deploy to watch. It is not read: its change is what makes"
        " CloudFormation check again.",
        default=None,
        default_words="checked when another property changes",
        example="arn:aws:ecs:eu-west-1:123456789012:task-definition/mlflow:7",
    )


class CheckEvent(CheckedDatabase):
    """The check by hand or on a schedule: what stands under `Check` in its event."""

    expected_revision: Revision | None = described(
        "ExpectedRevision",
        "Revision to expect, where the image's tag names no release.",
        default=None,
        default_words="that of the image's release",
        example="dc11669786a5",
    )
