"""A database with two logins, a service on one of them, and what a rotation makes of both."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

from cfn_mlflow.direct_invocation.caller import Caller
from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting
from cfn_mlflow.rotation.rotation import Rotation, order
from cfn_mlflow.types.database import graph as database
from cfn_mlflow.types.database.properties import DatabaseProperties
from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.aurora import Aurora
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, secret_value

CLUSTER = "mlflow-database-abcdefghij"
SERVICE = "mlflow-abcdefghij"
LOGINS = ("mlflow_app", "mlflow_app_2")
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-Rotation"
OPERATORS = f"{FUNCTION}:operator"


@pytest.fixture
def given(
    fargate: Fargate, server: PostgresServer, vpc: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The attributes of a database with both logins."""
    Aurora(server).install(monkeypatch)
    asked = {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"], "InstanceCount": "1"}
    return attributes(asked)


def attributes(asked: dict[str, Any]) -> dict[str, str]:
    return converge(database._graph(owner(), DatabaseProperties.model_validate(asked)))


@pytest.fixture
def service(given: dict[str, str], fargate: Fargate) -> str:
    """A service that runs on the active login; returns its task definition."""
    ecs = boto("ecs")
    ecs.create_cluster(clusterName=SERVICE)
    boto("logs").create_log_group(logGroupName="/aws/ecs/mlflow")
    definition = register(given["ServiceSecretArn"])
    ecs.create_service(
        cluster=SERVICE,
        serviceName=SERVICE,
        taskDefinition=definition,
        desiredCount=2,
        tags=tags({**owner().tags, "cfn-mlflow:database": CLUSTER}),
    )
    for _ in range(3):
        ecs.describe_services(cluster=SERVICE, services=[SERVICE])
    return definition


def register(secret_arn: str, image: str = "a:1", family: str = SERVICE) -> str:
    """Register a revision as the stack does: a server and a sidecar on one login."""
    secrets = [{"name": "PGPASSWORD", "valueFrom": f"{secret_arn}:password::"}]
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/aws/ecs/mlflow"}}
    logs["options"] |= {"awslogs-region": "eu-west-1", "awslogs-stream-prefix": "mlflow"}  # type: ignore[operator]
    container = {"image": image, "memory": 512, "logConfiguration": logs, "secrets": secrets}
    made = boto("ecs").register_task_definition(
        family=family,
        containerDefinitions=[{"name": name, **container} for name in ("mlflow", "agent")],
        tags=tags(owner().tags),
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def tags(of: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in of.items()]


def name(login: str) -> str:
    return f"mlflow-{login.replace('_', '-')}-abcdefghij"


def secret(login: str) -> dict[str, str]:
    return secret_value(name(login))


def arn(login: str) -> str:
    return str(boto("secretsmanager").describe_secret(SecretId=name(login))["ARN"])


def passwords() -> dict[str, str]:
    return {login: secret(login)["password"] for login in LOGINS}


def rotate(request: str = "r1", looks: int = 40, **more: bool) -> dict[str, str]:
    return finish(asked_for({"DatabaseClusterId": CLUSTER, **more}, request), looks)


def asked_for(event: dict[str, Any], request: str, by: str = OPERATORS) -> Rotation:
    return Rotation(order(event, request), Caller(by, event))


def finish(rotation: Rotation, looks: int = 40) -> dict[str, str]:
    outcome: Outcome
    for _ in range(looks):
        try:
            outcome = rotation.step()
        except TemporaryError as error:
            outcome = Waiting({"another try": str(error)})
        if isinstance(outcome, Done):
            return dict(outcome.attributes)
    raise AssertionError(f"still waiting: {outcome}")


def refused(words: str, request: str = "r1") -> str:
    """Rotate; return the refusal, which has these words and wrote nothing."""
    with watched() as calls, pytest.raises(PermanentError, match=words) as error:
        rotate(request)
    assert calls.writes == []
    return str(error.value)


def enters(server: PostgresServer, login: str) -> bool:
    try:
        server.connect(login, secret(login)["password"], "mlflow").close()
    except psycopg2.OperationalError:
        return False
    return True


def runs_on(fargate: Fargate) -> list[str]:
    """Return the logins that the service's task definition names, in its containers."""
    definition = fargate.services[SERVICE]["taskDefinition"]
    found = boto("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
    named = [one["secrets"][0]["valueFrom"] for one in found["containerDefinitions"]]
    return sorted({login for login in LOGINS for text in named if arn(login) in text})


def age_rotations() -> None:
    """Let every rotation have ended long ago."""
    client = boto("secretsmanager")
    for login in LOGINS:
        found = {tag["Key"]: tag["Value"] for tag in secret_tags(login)}
        state = found.get("cfn-mlflow:turn", "").replace("since 20", "since 19", 1)
        if state:
            tag = {"Key": "cfn-mlflow:turn", "Value": state}
            client.tag_resource(SecretId=name(login), Tags=[tag])


def secret_tags(login: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = boto("secretsmanager").describe_secret(SecretId=name(login))[
        "Tags"
    ]
    return found
