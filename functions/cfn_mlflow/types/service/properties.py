"""Custom::MLflowService: the properties of the tracking server, its network and scaling."""

from __future__ import annotations

from typing import Annotated

from pydantic import ValidationInfo, field_validator

from cfn_mlflow.reason import Reason
from cfn_mlflow.types.common.connections import FEWEST, Budget
from cfn_mlflow.types.common.image import ImageProperties
from cfn_mlflow.types.common.named import NamedProperties, unique_name_property
from cfn_mlflow.types.service.property_blocks.network import NetworkProperties
from cfn_mlflow.types.service.property_blocks.schema import SchemaCareProperties
from cfn_mlflow.types.service.property_blocks.server import ServerProperties
from cfn_mlflow.types.service.property_blocks.tasks import TaskProperties
from cfn_mlflow.types.values.base import described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.names import (
    BucketName,
    BucketPath,
    ClusterArn,
    DatabaseName,
    KeyArn,
    SecretArn,
    UniqueName,
)
from cfn_mlflow.types.values.networks import HostName, SecurityGroupId
from cfn_mlflow.types.values.numbers import integer
from cfn_mlflow.types.values.standing import may_stand


class ServiceSettings(
    SchemaCareProperties,
    ServerProperties,
    TaskProperties,
    NetworkProperties,
    ImageProperties,
    NamedProperties,
):
    """All properties of the service but those of its wiring.

    The docs list the blocks from the last base class to the first.
    """


class ServiceProperties(ServiceSettings):
    """The properties of the service, and of its wiring: the database and the bucket."""

    unique_name: UniqueName = unique_name_property("mlflow-service")
    database_endpoint: HostName = described(
        "DatabaseEndpoint",
        "Host name of the database.",
        example="mlflow.cluster-abc.eu-west-1.rds.amazonaws.com",
    )
    database_port: Annotated[int, integer(1, 65_535)] = described(
        "DatabasePort", "Port of the database.", default=5432, example=5432
    )
    database_name: DatabaseName = described(
        "DatabaseName", "Name of MLflow's database.", default="mlflow", example="mlflow"
    )
    database_secret_arn: SecretArn = described(
        "DatabaseSecretArn",
        "ARN of the secret with the tasks' login: JSON with `username` and `password`. Of an active"
        " and a standby login it may be either one: the tasks get the active one.",
        example="arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-service-AbCdEf",
    )
    database_migration_secret_arn: SecretArn = described(
        "DatabaseMigrationSecretArn",
        "ARN of the secret with the login that may change the schema.",
        example="arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-migration-AbCdEf",
    )
    database_client_security_group_id: SecurityGroupId = described(
        "DatabaseClientSecurityGroupId",
        "Security group that the database admits; the tasks carry it.",
        example="sg-0123456789abcdef0",
    )
    database_cluster_arn: ClusterArn | None = described(
        "DatabaseClusterArn",
        "ARN of the Aurora cluster, if its Data API is on: the schema is then read without a task.",
        default=None,
        default_words="a task reads the schema",
        example="arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    )
    database_max_connections: Annotated[int, integer(1, 262_143)] = described(
        "DatabaseMaxConnections",
        "Connections that the database takes. The pools of {MaxCapacity} tasks are made to fit.",
        default=FEWEST,
        default_words="189, what the smallest Aurora database takes",
        example=823,
    )
    artifact_bucket_id: BucketName = described(
        "ArtifactBucketId", "Name of the bucket for artifacts.", example="my-bucket"
    )
    artifact_bucket_path: BucketPath = described(
        "ArtifactBucketPath",
        "Path in the bucket under which artifacts are kept.",
        default="/",
        example="/mlflow",
    )
    artifact_bucket_encryption_key_arn: KeyArn | None = described(
        "ArtifactBucketEncryptionKeyArn",
        "ARN of the bucket's KMS key, if it has one: the tasks may then use it.",
        default=None,
        default_words="no key",
        example="arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    )

    @field_validator("database_cluster_arn")
    @classmethod
    @may_stand
    def _to_clone(cls, arn: str | None, info: ValidationInfo) -> str | None:
        if arn is None and info.data.get("rehearse_upgrade"):
            raise WrongValueError(
                "is needed with {RehearseUpgrade}: true, which clones the cluster"
            )
        return arn

    @field_validator("database_max_connections")
    @classmethod
    @may_stand
    def _takes_the_tasks(cls, connections: int, info: ValidationInfo) -> int:
        if {"max_capacity", "workers", "basic_auth"} <= info.data.keys():
            budget = Budget(
                info.data["max_capacity"],
                info.data["workers"],
                connections,
                info.data["basic_auth"],
            )
            if not budget.fits:
                raise WrongValueError(
                    f"{budget.refusal}: lower {{MaxCapacity}} or {{Workers}}, or give the database"
                    " a higher capacity",
                    reason=Reason.ConnectionBudgetExceeded,
                )
        return connections
