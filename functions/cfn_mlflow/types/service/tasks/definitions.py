"""The two task definitions: the server's with its sidecars, and the migration's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ecs.task import STREAM_PREFIX
from cfn_mlflow.engine.output import known
from cfn_mlflow.types.common.connections import Budget
from cfn_mlflow.types.service.properties import ServiceSettings
from cfn_mlflow.types.service.tasks.environment import (
    PORT,
    Server,
    database_environment,
    key_secrets,
    login_secrets,
    server_command,
    server_environment,
    sign_in_secrets,
)
from cfn_mlflow.types.service.wiring import Wiring
from cfn_mlflow.upgrade import migration
from cfn_mlflow.upgrade.image_task import CONTAINER as MIGRATION_CONTAINER

CONTAINER = "mlflow"

MIGRATION_SIZE = (1024, 2048)
"""CPU units and MiB. They are fixed: another size would run the migration again."""

STOP_SECONDS = 30
"""Seconds that ECS waits for the server to stop. The server ends its requests within 20."""

BASIC_AUTH = "CFN_MLFLOW_BASIC_AUTH"
"""The variable that makes the migration create the tables of MLflow's users too."""

NOT_GIVEN: Mapping[str, None] = dict.fromkeys(
    (
        *("command", "entryPoint", "environment", "environmentFiles", "secrets", "user"),
        *("repositoryCredentials", "dependsOn", "healthCheck", "mountPoints", "volumesFrom"),
    )
)
"""The fields of a sidecar that ECS leaves unset unless they are given."""

FIRELENS_USER = {"user": "0"}
"""The user that ECS adds to a container with firelensConfiguration."""

TMP = "tmp"
"""The volume for /tmp if the root filesystem is read-only."""

Container = dict[str, Any]
Definition = dict[str, Any]


@dataclass(frozen=True)
class Launch:
    """The parts that both task definitions need."""

    image: str
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    """Where ECS finds the value of each variable."""
    log: Mapping[str, Any]
    execution_role_arn: str
    user: str | None = None
    """The user that the container runs as, or None for the image's own."""
    readonly: bool = False
    """Whether the container can write to /tmp only."""


@dataclass(frozen=True)
class ServerParts:
    """The parts that only the server's task definition needs."""

    task_role_arn: str
    host_name: str
    """The load balancer's DNS name, as AWS writes it."""
    image: str
    server_secret_arn: str


@dataclass(frozen=True)
class Definitions:
    """The two task definitions of a service, in the shape that RegisterTaskDefinition takes."""

    owner: Owner
    asked: ServiceSettings
    log_group: str

    def migration(
        self, wiring: Wiring, execution_role_arn: str, server_secret_arn: str
    ) -> Definition:
        """Return the migration's task definition, with the login that may change the schema.

        If MLflow asks for a login, it has the admin's login too, which the deep check needs.
        """
        environment = _database(wiring)
        secrets = login_secrets(known(wiring.migration_secret_arn))
        if self.asked.basic_auth:
            environment |= {BASIC_AUTH: "true"}
            secrets |= sign_in_secrets(server_secret_arn)
        return migration_definition(self._launch(environment, secrets, execution_role_arn))

    def server(
        self,
        wiring: Wiring,
        budget: Budget,
        execution_role_arn: str,
        parts: ServerParts,
    ) -> Definition:
        """Return the server's task definition, with the tasks' login and the server's own keys."""
        server = Server(
            host_name=parts.host_name,
            region=self.owner.arn_parts[1],
            bucket_id=known(wiring.bucket_id),
            path=wiring.path,
            budget=budget,
            gateway_providers=self.asked.ai_gateway_providers,
            gunicorn_opts=self.asked.gunicorn_opts,
            uvicorn_opts=self.asked.uvicorn_opts,
        )
        environment = {**server_environment(server), **_database(wiring)}
        secrets = {
            **login_secrets(known(wiring.service_secret_arn)),
            **key_secrets(parts.server_secret_arn),
        }
        if self.asked.basic_auth:
            secrets |= sign_in_secrets(parts.server_secret_arn)
        return server_definition(
            replace(self._launch(environment, secrets, execution_role_arn), image=parts.image),
            command=server_command(basic_auth=self.asked.basic_auth),
            size=(self.asked.cpu, self.asked.memory),
            task_role_arn=parts.task_role_arn,
            sidecars=self.asked.sidecar_container_definitions,
        )

    def _launch(
        self,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
        execution_role_arn: str,
    ) -> Launch:
        log = awslogs(self.log_group, self.owner.arn_parts[1])
        return Launch(
            self.asked.image_uri,
            environment,
            secrets,
            log,
            execution_role_arn,
            self.asked.user,
            self.asked.readonly_root_filesystem,
        )


def _database(wiring: Wiring) -> dict[str, str]:
    return database_environment(
        known(wiring.database_endpoint), known(wiring.database_port), wiring.database_name
    )


def awslogs(log_group: str, region: str) -> dict[str, Any]:
    """Return the log configuration of a container that logs to a log group."""
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": log_group,
            "awslogs-region": region,
            "awslogs-stream-prefix": STREAM_PREFIX,
        },
    }


def server_definition(
    launch: Launch,
    *,
    command: list[str],
    size: tuple[int, int],
    task_role_arn: str,
    sidecars: Iterable[Mapping[str, Any]],
) -> Definition:
    """Return the server's task definition; `size` is in CPU units and MiB.

    It has no container health check. The load balancer's decides, and the image has no curl.
    """
    server = {
        **_container(CONTAINER, launch),
        "command": command,
        "portMappings": [{"containerPort": PORT, "protocol": "tcp"}],
        "stopTimeout": STOP_SECONDS,
    }
    beside = [_sidecar(sidecar, launch) for sidecar in sidecars]
    return {
        **_fargate(size, launch),
        "taskRoleArn": task_role_arn,
        "containerDefinitions": [server, *beside],
    }


def _sidecar(given: Mapping[str, Any], launch: Launch) -> Container:
    """Return a sidecar's definition. Fields that the user removed are set to None in it."""
    added = FIRELENS_USER if "firelensConfiguration" in given else {}
    log = {"secretOptions": None, **given.get("logConfiguration", launch.log)}
    return {**NOT_GIVEN, **added, **given, "logConfiguration": log}


def migration_definition(launch: Launch) -> Definition:
    """Return the migration's task definition: the same image, with the migration's script."""
    container = {
        **_container(MIGRATION_CONTAINER, launch),
        # This replaces the entry point of the image, which could start a process that never ends.
        "entryPoint": ["python"],
        "command": list(migration.command()),
    }
    return {**_fargate(MIGRATION_SIZE, launch), "containerDefinitions": [container]}


def _fargate(size: tuple[int, int], launch: Launch) -> Definition:
    return {
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": str(size[0]),
        "memory": str(size[1]),
        "executionRoleArn": launch.execution_role_arn,
        "volumes": [{"name": TMP}] if launch.readonly else [],
    }


def _container(name: str, launch: Launch) -> Container:
    return {
        "name": name,
        "image": launch.image,
        "essential": True,
        "environment": [{"name": k, "value": v} for k, v in launch.environment.items()],
        "secrets": [{"name": k, "valueFrom": v} for k, v in launch.secrets.items()],
        "logConfiguration": dict(launch.log),
        # Without an init process nothing reaps orphaned processes in the container.
        "linuxParameters": {"initProcessEnabled": True},
        **_narrowed(launch),
    }


def _narrowed(launch: Launch) -> Container:
    """Return the fields that restrict a container. None means that it must not have the field."""
    tmp = {"sourceVolume": TMP, "containerPath": "/tmp", "readOnly": False}  # noqa: S108 - its own
    return {
        "user": launch.user,
        "readonlyRootFilesystem": launch.readonly or None,
        "mountPoints": [tmp] if launch.readonly else [],
    }
