"""Custom::MLflowDatabase: the properties of Aurora Serverless v2 PostgreSQL."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from cfn_mlflow.types.common.named import NamedProperties, unique_name_property
from cfn_mlflow.types.common.sharing import StackNames, shared_with_property
from cfn_mlflow.types.values.base import Update, described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.names import KeyArn, SecretArn, UniqueName
from cfn_mlflow.types.values.networks import TwoSubnetIds, VpcId
from cfn_mlflow.types.values.numbers import half_steps, integer
from cfn_mlflow.types.values.rules import Boolean, text
from cfn_mlflow.types.values.schedules import Schedule
from cfn_mlflow.types.values.standing import may_stand

LOWEST_CAPACITY = 0.5
"""The lowest capacity of a database that never pauses, in Aurora capacity units."""

FIRST_MINORS = {15: 7, 16: 3, 17: 4, 18: 3}
"""By major version, the first minor that can pause and has the Data API for Serverless v2."""

EngineVersion = Annotated[
    str, text(r"[0-9]{1,2}(\.[0-9]{1,2})?", "be a PostgreSQL version such as 17 or 17.7")
]


class DatabaseProperties(NamedProperties):
    """An Aurora cluster, in a security group of its own."""

    unique_name: UniqueName = unique_name_property("mlflow-database")
    vpc_id: VpcId = described(
        "VpcId", "VPC of all that is made.", update=Update.REFUSED, example="vpc-0123456789abcdef0"
    )
    subnet_ids: TwoSubnetIds = described(
        "SubnetIds",
        "Subnets of the database, in two Availability Zones or more.",
        example=["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    )
    password_secret_arn: SecretArn | None = described(
        "PasswordSecretArn",
        "ARN of a secret of yours with the master password: as plain text, or as JSON with"
        " `password` (a `username` in it must be `mlflow_master`). RDS takes 8 to 41 characters,"
        ' printable ASCII but `/`, `"`, `@` and the space. The secret needs the tag'
        " `cfn-mlflow:allow` with the stack's name in it, or a place in the provider's parameter.",
        default=None,
        default_words="RDS makes, keeps and rotates the master password",
        example="arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-master-AbCdEf",
    )
    auto_pause: Boolean = described(
        "AutoPause",
        "Whether an idle database pauses, at no cost for capacity. MLflow's idle sessions are ended"
        " then. It wakes in about 15 seconds, in which requests wait, or are answered 503: MLflow's"
        " clients try those again.",
        default=False,
        example=True,
    )
    min_capacity: Annotated[float, half_steps(0, 256)] = described(
        "MinCapacity",
        "Lowest capacity of an instance in Aurora capacity units (about 2 GiB each); 0 with"
        " {AutoPause}, and only then.",
        default=None,
        default_words="0.5, or 0 with {AutoPause}",
        example=1,
    )
    max_capacity: Annotated[float, half_steps(1, 256)] = described(
        "MaxCapacity",
        "Highest capacity of an instance in Aurora capacity units.",
        default=2.0,
        example=8,
    )
    seconds_until_auto_pause: Annotated[int, integer(300, 86_400)] = described(
        "SecondsUntilAutoPause",
        "Seconds without a connection before the database pauses; used with {AutoPause}.",
        default=300,
        example=1800,
    )
    skip_final_snapshot: Boolean = described(
        "SkipFinalSnapshot",
        "Whether a deletion takes no final snapshot. A database that was never complete gets none.",
        default=False,
        example=True,
    )
    engine_version: EngineVersion = described(
        "EngineVersion",
        "Aurora PostgreSQL version, a major one or a full one. A major one alone is AWS's default"
        " minor of it when the cluster is made. It is never moved down: a version below what runs"
        " changes nothing. A higher major version is refused.",
        default="17",
        example="17.7",
    )
    instance_count: Annotated[int, integer(1, 16)] = described(
        "InstanceCount",
        "Instances: one writer, the others readers that can take over.",
        default=2,
        example=1,
    )
    backup_retention_period: Annotated[int, integer(1, 35)] = described(
        "BackupRetentionPeriod", "Days for which backups are kept.", default=14, example=35
    )
    kms_key_arn: KeyArn | None = described(
        "KmsKeyArn",
        "ARN of the KMS key that encrypts the database and its secrets. It needs the tag"
        " `cfn-mlflow:allow` with the stack's name in it, or a place in the provider's parameter.",
        update=Update.REFUSED,
        default=None,
        default_words="the keys that AWS manages; always encrypted",
        example="arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    )

    shared_with_stacks: StackNames = shared_with_property(
        "this database (its cluster, its client group and the secrets of its logins)"
    )
    rotation_schedule: Schedule | None = described(
        "RotationSchedule",
        "When the password of MLflow's tasks is changed, as an EventBridge expression, in UTC. The"
        " standby login gets the new password, and the service is deployed on it: no connection"
        " breaks.",
        default=None,
        default_words="never by itself",
        example="rate(30 days)",
    )

    @classmethod
    def losing_data(cls) -> tuple[str, ...]:
        """Return the names of the properties by which a deletion loses data."""
        return ("SkipFinalSnapshot",)

    @field_validator("min_capacity", mode="before")
    @classmethod
    def _lowest_by_default(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None:
            return 0.0 if info.data.get("auto_pause") else LOWEST_CAPACITY
        return value

    @field_validator("min_capacity")
    @classmethod
    @may_stand
    def _pauses_at_zero(cls, lowest: float, info: ValidationInfo) -> float:
        pauses = info.data.get("auto_pause")
        if pauses is False and lowest < LOWEST_CAPACITY:
            raise WrongValueError("0 needs {AutoPause}: true; the lowest without it is 0.5")
        if pauses and lowest:
            raise WrongValueError("must be 0 or unset with {AutoPause}: true, which pauses at 0")
        return lowest

    @field_validator("max_capacity")
    @classmethod
    @may_stand
    def _range(cls, highest: float, info: ValidationInfo) -> float:
        lowest = info.data.get("min_capacity")
        if lowest is not None and lowest > highest:
            raise WrongValueError(f"{highest:g} is less than {{MinCapacity}}, {lowest:g}")
        return highest

    @field_validator("engine_version")
    @classmethod
    @may_stand
    def _can_do_what_is_needed(cls, version: str, info: ValidationInfo) -> str:
        del info
        if not version.replace(".", "").isdigit():
            return version  # an accepted fault
        major, _, minor = version.partition(".")
        first = FIRST_MINORS.get(int(major))
        if first is None:
            raise WrongValueError(f"the major version must be {', '.join(map(str, FIRST_MINORS))}")
        if minor and int(minor) < first:
            raise WrongValueError(f"must be {major}.{first} or later, for the Data API and pausing")
        return version
