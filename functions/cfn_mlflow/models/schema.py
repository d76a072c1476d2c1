"""Custom::MLflowSchema: the check after the deploy, by reading only."""

from __future__ import annotations

from collections.abc import Mapping

from cfn_mlflow.models.base import Attributes, described
from cfn_mlflow.models.image import ImageProperties
from cfn_mlflow.models.values import ClusterArn, DatabaseName, SecretArn, TaskDefinitionArn


class SchemaProperties(ImageProperties):
    """Which database is compared with which MLflow release; nothing is made, so nothing named."""

    cluster_arn: ClusterArn = described(
        "ARN of the Aurora cluster. Its Data API must be on.",
        example="arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    )
    secret_arn: SecretArn = described(
        "ARN of the secret with a login that can read the schema.",
        example="arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-service-AbCdEf",
    )
    database_name: DatabaseName = described(
        "Name of MLflow's database.", default="mlflow", example="mlflow"
    )
    task_definition_arn: TaskDefinitionArn | None = described(
        "Task definition of the deploy to watch. It is not read: its change is what makes"
        " CloudFormation check again.",
        default=None,
        default_words="checked when another property changes",
        example="arn:aws:ecs:eu-west-1:123456789012:task-definition/mlflow:7",
    )

    @property
    def unique_name(self) -> str:
        """Nothing is made."""
        return ""

    @property
    def tags(self) -> Mapping[str, str]:
        """Nothing is made."""
        return {}


class SchemaAttributes(Attributes):
    """What `Fn::GetAtt` gives of the check."""

    state: str = described("`current`: a schema in any other state fails the resource.")
    revision: str = described("Revision that the database has.")
    expected_revision: str = described("Revision that the MLflow release declares.")
    mlflow_version: str = described("The MLflow release that was compared with.")
    differences: str = described("Number of tables, columns and indexes that differ.")
    pending_revisions: str = described("Revisions that are still to run, separated by commas.")
