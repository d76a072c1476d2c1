"""Custom::MLflowService: the tracking server on ECS, its load balancer, roles and scaling."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from cfn_mlflow.types.common.connections import FEWEST, Budget
from cfn_mlflow.types.common.image import ImageProperties, gateway_fault, image_uri, sign_in_fault
from cfn_mlflow.types.common.named import NamedProperties, unique_name_property
from cfn_mlflow.types.service.doors import GatewayProviders, is_the_internet
from cfn_mlflow.types.service.tasks.fargate import (
    FARGATE_MEMORY,
    LEAST_MEMORY,
    MOST_MEMORY,
    memory_fault,
)
from cfn_mlflow.types.service.tasks.sidecars import Sidecars
from cfn_mlflow.types.values.base import Update, described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.names import (
    BucketArns,
    BucketName,
    BucketPath,
    ClusterArn,
    ContainerUser,
    DatabaseName,
    KeyArn,
    SecretArn,
    ServerOptions,
    TopicArn,
    UniqueName,
)
from cfn_mlflow.types.values.networks import (
    CidrBlocks,
    HostName,
    SecurityGroupId,
    SubnetIds,
    TwoSubnetIds,
    VpcId,
)
from cfn_mlflow.types.values.numbers import LogRetention, integer, integer_of
from cfn_mlflow.types.values.rules import Boolean
from cfn_mlflow.types.values.schedules import Schedule
from cfn_mlflow.types.values.standing import may_stand

CPU_UNITS = 1024
"""Of one vCPU."""

MOST_WORKERS_BY_DEFAULT = 4

MIB_OF_A_TASK, MIB_OF_A_WORKER = 300, 275
"""What MLflow takes: its first process and room to work, and each worker with boto3 loaded."""


class ServiceSettings(ImageProperties, NamedProperties):
    """All of the service but the database and the bucket that it is wired to."""

    vpc_id: VpcId = described(
        "VpcId",
        "VPC of all that is made.",
        update=Update.REFUSED,
        example="vpc-0123456789abcdef0",
    )
    subnet_ids: SubnetIds = described(
        "SubnetIds",
        "Subnets of the tasks. From there, the image's registry and AWS must be in reach: by a NAT"
        " gateway, or by endpoints.",
        example=["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    )
    load_balancer_subnet_ids: TwoSubnetIds = described(
        "LoadBalancerSubnetIds",
        "Subnets of the load balancer, in two Availability Zones or more.",
        example=["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    )
    load_balancer_ingress_cidr_blocks: CidrBlocks = described(
        "LoadBalancerIngressCidrBlocks",
        "IPv4 CIDR blocks from which the load balancer can be reached. Without {BasicAuth} MLflow"
        " asks for no password: everybody in them can read and write all.",
        example=["10.0.0.0/8"],
    )
    load_balancer_is_internal: Boolean = described(
        "LoadBalancerIsInternal",
        "Whether the load balancer has private addresses only.",
        update=Update.BESIDE,
        default=True,
        example=False,
    )
    cpu: Annotated[int, integer_of(*FARGATE_MEMORY)] = described(
        "Cpu", "CPU units of a task; 1024 are one vCPU.", default=2048, example=1024
    )
    memory: Annotated[int, integer(LEAST_MEMORY, MOST_MEMORY)] = described(
        "Memory",
        "MiB of memory of a task, of a size that Fargate has with {Cpu}, and with room for"
        " {Workers}.",
        default=4096,
        example=2048,
    )
    log_retention_in_days: LogRetention = described(
        "LogRetentionInDays", "Days for which logs are kept.", default=90, example=30
    )
    sidecar_container_definitions: Sidecars = described(
        "SidecarContainerDefinitions",
        "Containers beside the server's in every task, as `AWS::ECS::TaskDefinition` has them.",
        default=(),
        example=[{"Name": "agent", "Image": "public.ecr.aws/datadog/agent:7", "Essential": False}],
    )
    min_capacity: Annotated[int, integer(0, 5000)] = described(
        "MinCapacity", "Fewest tasks.", default=2, example=1
    )
    max_capacity: Annotated[int, integer(1, 5000)] = described(
        "MaxCapacity",
        "Most tasks. If it is more than {MinCapacity}, the service scales by CPU.",
        default=2,
        example=4,
    )
    cpu_target: Annotated[int, integer(1, 100)] = described(
        "CpuTarget", "Percent of CPU that scaling aims at.", default=70, example=50
    )
    workers: Annotated[int, integer(1, 64)] = described(
        "Workers",
        "Server processes in a task. MLflow takes 300 MiB of {Memory} and 275 for each.",
        default=None,
        default_words="one per vCPU, 1 to 4",
        example=2,
    )
    gunicorn_opts: ServerOptions = described(
        "GunicornOpts",
        "Options for gunicorn, as MLflow's `--gunicorn-opts` takes them. With it, MLflow leaves"
        " out its newer routes, such as those for traces of OpenTelemetry. It checks the Host"
        " header all the same.",
        default="",
        example="--timeout 120",
    )
    uvicorn_opts: ServerOptions = described(
        "UvicornOpts",
        "Options for uvicorn, as MLflow's `--uvicorn-opts` takes them.",
        default="",
        default_words="keep-alive longer than the load balancer's idle time",
        example="--timeout-keep-alive 75",
    )
    basic_auth: Boolean = described(
        "BasicAuth",
        "Whether MLflow asks for a user and a password. Its first user is `admin`, whose password"
        " is in the secret that the attribute `ServerSecretArn` names; users and their rights are"
        " in the database, for all tasks. Switched on in a running service, it makes the users'"
        " tables by a migration: a snapshot first, and no task answers while it runs (503)."
        " Passwords go over plain HTTP: it is not for the Internet.",
        default=False,
        example=True,
    )
    load_balancer_is_open_to_the_internet: Boolean = described(
        "LoadBalancerIsOpenToTheInternet",
        "Allows everybody in the world to read and write all in MLflow, and its artifacts. Without"
        " it, an MLflow without a password ({BasicAuth}) must not be open to the Internet: a load"
        " balancer with public addresses is then refused, if {LoadBalancerIngressCidrBlocks} lets"
        " in the Internet.",
        default=False,
        example=True,
    )
    ai_gateway_providers: GatewayProviders = described(
        "AiGatewayProviders",
        "Providers that MLflow's AI gateway may call, as MLflow writes them. Without any the"
        " gateway is off. All who reach MLflow may use it: with `vertex_ai`, `databricks` or"
        " `litellm` they can make the tasks send requests to addresses of their choice.",
        default=(),
        default_words="the AI gateway is off",
        example=["openai", "anthropic"],
    )
    readonly_root_filesystem: Boolean = described(
        "ReadonlyRootFilesystem",
        "Whether MLflow's containers can write to `/tmp` alone, which is then a volume of the"
        " task's own storage.",
        default=False,
        example=True,
    )
    user: ContainerUser | None = described(
        "User",
        "User that MLflow's containers run as, such as `10001:10001`. The volume that"
        " {ReadonlyRootFilesystem} brings is root's, unless the image says otherwise.",
        default=None,
        default_words="the image's, which is root in the official one",
        example="10001:10001",
    )
    artifact_buckets_mlflow_will_read: BucketArns = described(
        "ArtifactBucketsMlflowWillRead",
        "ARNs of more buckets that the tasks may read, and only read. Each must be of the same"
        " stack, shared with it or tagged `cfn-mlflow:allow` with its name. What stands for many,"
        " with `*` or `?`, needs a place in the provider's parameter `AllowedReadBucketArns`.",
        default=(),
        example=["arn:aws:s3:::shared-models"],
    )
    schema_check_schedule: Schedule = described(
        "SchemaCheckSchedule",
        "When the database's schema is compared with what the release declares, as EventBridge"
        " takes it; `none` for never. It needs the Data API. What differs is the metric"
        " `SchemaDifferences` in the namespace `cfn-mlflow`, with an alarm on it.",
        default="rate(1 day)",
        example="cron(0 6 * * ? *)",
    )
    alarm_topic_arn: TopicArn | None = described(
        "AlarmTopicArn",
        "ARN of the SNS topic that the alarm on the schema notifies; its policy must admit"
        " `cloudwatch.amazonaws.com`.",
        default=None,
        default_words="the alarm notifies nobody",
        example="arn:aws:sns:eu-west-1:123456789012:alarms",
    )

    rehearse_upgrade: Boolean = described(
        "RehearseUpgrade",
        "Whether a migration is rehearsed first on a clone of the cluster, which is then removed."
        " It needs the cluster's ARN, and some minutes more.",
        default=False,
        example=True,
    )

    @field_validator("memory")
    @classmethod
    @may_stand
    def _fargate_size(cls, memory: int, info: ValidationInfo) -> int:
        fault = memory_fault(info.data["cpu"], memory) if "cpu" in info.data else ""
        if fault:
            raise WrongValueError(fault)
        return memory

    @field_validator("sidecar_container_definitions")
    @classmethod
    @may_stand
    def _room_for_sidecars(
        cls, sidecars: tuple[dict[str, Any], ...], info: ValidationInfo
    ) -> tuple[dict[str, Any], ...]:
        for unit, size in (("memory", "{Memory}"), ("cpu", "{Cpu}")):
            taken = sum(sidecar.get(unit, 0) for sidecar in sidecars)
            if unit in info.data and taken >= info.data[unit]:
                raise WrongValueError(f"together they leave MLflow nothing of {size}")
        return sidecars

    @field_validator("max_capacity")
    @classmethod
    @may_stand
    def _range(cls, most: int, info: ValidationInfo) -> int:
        fewest = info.data.get("min_capacity")
        if fewest is not None and fewest > most:
            raise WrongValueError(f"{most} is less than {{MinCapacity}}, {fewest}")
        return most

    @field_validator("workers", mode="before")
    @classmethod
    def _one_per_cpu(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None:
            cpus = int(info.data.get("cpu", CPU_UNITS)) // CPU_UNITS
            return max(1, min(MOST_WORKERS_BY_DEFAULT, cpus))
        return value

    @field_validator("workers")
    @classmethod
    @may_stand
    def _room_for_workers(cls, workers: int, info: ValidationInfo) -> int:
        if {"memory", "sidecar_container_definitions"} <= info.data.keys():
            sidecars = info.data["sidecar_container_definitions"]
            left = info.data["memory"] - sum(sidecar.get("memory", 0) for sidecar in sidecars)
            needed = MIB_OF_A_TASK + workers * MIB_OF_A_WORKER
            if left < needed:
                raise WrongValueError(
                    f"{workers} of them need {needed} MiB, and {{Memory}} leaves {left} to MLflow:"
                    " raise that, or lower this"
                )
        return workers

    @field_validator("basic_auth")
    @classmethod
    @may_stand
    def _image_has_it(cls, basic_auth: bool, info: ValidationInfo) -> bool:
        if basic_auth and {"image", "image_tag"} <= info.data.keys():
            fault = sign_in_fault(image_uri(info.data["image"], info.data["image_tag"]))
            if fault:
                raise WrongValueError(fault)
        return basic_auth

    @field_validator("load_balancer_is_open_to_the_internet")
    @classmethod
    @may_stand
    def _said_in_so_many_words(cls, said: bool, info: ValidationInfo) -> bool:
        asked = info.data
        named = ("load_balancer_ingress_cidr_blocks", "load_balancer_is_internal", "basic_auth")
        if said or not asked.keys() >= {*named} or asked["load_balancer_is_internal"]:
            return said
        if is_the_internet(asked["load_balancer_ingress_cidr_blocks"]) and not asked["basic_auth"]:
            raise WrongValueError(
                "{LoadBalancerIngressCidrBlocks} let in the Internet, {LoadBalancerIsInternal} is"
                " false and {BasicAuth} too: anybody could read and write all. Change one of them,"
                " or say true here"
            )
        return said

    @field_validator("ai_gateway_providers")
    @classmethod
    @may_stand
    def _image_keeps_to_them(
        cls, providers: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if providers and {"image", "image_tag"} <= info.data.keys():
            fault = gateway_fault(image_uri(info.data["image"], info.data["image_tag"]))
            if fault:
                raise WrongValueError(fault)
        return providers

    @field_validator("uvicorn_opts")
    @classmethod
    @may_stand
    def _one_server(cls, options: str, info: ValidationInfo) -> str:
        if options and info.data.get("gunicorn_opts"):
            raise WrongValueError("give this or {GunicornOpts}: MLflow runs on one server")
        return options


class ServiceProperties(ServiceSettings):
    """The service, and the database and the bucket that it is wired to."""

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
                    " a higher capacity"
                )
        return connections
