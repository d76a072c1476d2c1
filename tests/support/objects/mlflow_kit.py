"""A whole Custom::MLflow in moto, its database on a real PostgreSQL, its tasks as if they ran."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.mlflow import graph as mlflow_server
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import parse
from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto import buckets
from tests.support.beside_moto.aurora import Aurora
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.service_kit import HEAD, boto, owner
from tests.support.schemas import statements_of

Properties = dict[str, Any]


@pytest.fixture
def asked(
    fargate: Fargate, vpc: dict[str, Any], server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Properties:
    """The required properties, in a world where the migration writes what MLflow's would."""
    Aurora(server).install(monkeypatch)
    buckets.install(monkeypatch)

    def migrate() -> None:
        login = json.loads(
            boto("secretsmanager").get_secret_value(SecretId=_secret_of_migration())["SecretString"]
        )
        connection = server.connect(login["username"], login["password"], "mlflow")
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements_of(HEAD):
                cursor.execute(statement)
        connection.close()

    fargate.on_migration = migrate
    return {
        "VpcId": vpc["VpcId"],
        "SubnetIds": vpc["SubnetIds"],
        "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
    }


def _secret_of_migration() -> str:
    """Return the secret that the migration's task definition names."""
    family = owner().name("migration")
    definition = boto("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]
    named = definition["containerDefinitions"][0]["secrets"][0]["valueFrom"]
    return str(named).removesuffix(":username::")


def graph_of(asked: Properties, whose: Owner | None = None, **more: Any) -> Graph:
    """Return the graph of a Custom::MLflow, the test's own owner's unless another's is given."""
    return mlflow_server._graph(whose or owner(), parse(MLflowProperties, asked | more))
