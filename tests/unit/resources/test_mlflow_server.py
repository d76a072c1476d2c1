"""Custom::MLflow: the parts' graphs joined, on a real PostgreSQL through the Data API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.models.base import parse, parse_for_removal
from cfn_mlflow.models.mlflow_server import MLflowAttributes, MLflowProperties
from cfn_mlflow.resources import mlflow_server
from local.emulator.postgres import PostgresServer
from tests.unit.support import buckets
from tests.unit.support.aurora import CONNECTIONS, Aurora, running
from tests.unit.support.fargate import Fargate
from tests.unit.support.kill_points import watched
from tests.unit.support.schemas import statements_of
from tests.unit.support.service_kit import HEAD, boto, converge, owner, remove

Properties = dict[str, Any]

MODULE_OUTPUTS = {
    "LoadBalancerArn",
    "LoadBalancerTargetGroupId",
    "LoadBalancerZoneId",
    "LoadBalancerDnsName",
    "ClusterId",
    "ServiceExecutionRoleId",
    "ServiceTaskRoleId",
    "ServiceAutoscalingTargetServiceNamespace",
    "ServiceAutoscalingTargetResourceId",
    "ServiceAutoscalingTargetScalableDimension",
    "ServiceAutoscalingTargetMinCapacity",
    "ServiceAutoscalingTargetMaxCapacity",
    "ArtifactBucketId",
}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running() as started:
        yield started


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


def graph_of(asked: Properties, **more: Any) -> Graph:
    return mlflow_server._graph(owner(), parse(MLflowProperties, asked | more))


def test_given_the_required_properties_then_a_working_whole_with_the_modules_outputs(
    asked: Properties, fargate: Fargate
) -> None:
    given = converge(graph_of(asked), looks=200)
    assert given.keys() == {str(field.alias) for field in MLflowAttributes.model_fields.values()}
    assert given.keys() >= MODULE_OUTPUTS
    empty = {name for name, value in given.items() if not value}
    assert empty == {"SchemaMigrations", "SchemaSnapshotId"}, "there was nothing to upgrade"
    assert given["ConnectionBudget"].endswith(f"232 of {CONNECTIONS}"), "as the database runs"
    assert given["SchemaRevision"] == HEAD, "read back by the service's login"
    container = boto("ecs").describe_task_definition(
        taskDefinition=given["ServiceTaskDefinitionArn"]
    )["taskDefinition"]["containerDefinitions"][0]
    told = {one["name"]: one["value"] for one in container["environment"]}
    assert told["PGHOST"] == given["DatabaseEndpoint"]
    assert told["MLFLOW_ARTIFACTS_DESTINATION"] == f"s3://{given['ArtifactBucketId']}"
    [service] = fargate.services.values()
    groups = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    assert given["DatabaseClientSecurityGroupId"] in groups
    tagged = {one["key"]: one["value"] for one in service["tags"]}
    assert tagged["cfn-mlflow:database"] == given["DatabaseClusterId"], "rotation finds it so"


def test_given_a_whole_then_its_schema_is_checked_with_its_own_database_and_login(
    asked: Properties,
) -> None:
    given = converge(graph_of(asked), looks=200)
    rule = owner().name("schema")
    [target] = boto("events").list_targets_by_rule(Rule=rule)["Targets"]
    check = json.loads(target["Input"])["Check"]
    assert check["ClusterArn"] == given["DatabaseClusterArn"]
    assert check["SecretArn"] == given["DatabaseServiceSecretArn"]
    converge(graph_of(asked, SchemaCheckSchedule="none"))
    assert boto("events").list_rules()["Rules"] == []
    assert boto("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_given_it_is_there_then_a_second_time_writes_nothing_and_says_the_same(
    asked: Properties, fargate: Fargate
) -> None:
    first = converge(graph_of(asked), looks=200)
    with watched() as calls:
        assert converge(graph_of(asked)) == first
    assert calls.writes == []
    assert len(fargate.migrations) == 1


def test_given_a_change_of_size_then_only_the_service_moves(
    asked: Properties, fargate: Fargate
) -> None:
    converge(graph_of(asked), looks=200)
    with watched() as calls:
        given = converge(graph_of(asked, ServiceCpu="1024", ServiceMaxCapacity="3"))
    assert given["ServiceAutoscalingTargetMaxCapacity"] == "3"
    assert set(calls.writes) == {
        "RunTask",  # the deep check, and that it passed
        "TagResource",
        "RegisterTaskDefinition",
        "UpdateService",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "DeregisterTaskDefinition",
        "DeleteTaskDefinitions",
    }


def test_given_a_delete_then_service_database_and_empty_bucket_go(
    asked: Properties, fargate: Fargate
) -> None:
    given = converge(graph_of(asked), looks=200)
    removal = mlflow_server._graph(owner(), parse_for_removal(MLflowProperties, asked))
    with watched() as calls:
        remove(removal, looks=200)
    assert boto("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert boto("rds").describe_db_clusters()["DBClusters"] == []
    assert boto("s3").list_buckets()["Buckets"] == []
    assert boto("iam").list_roles()["Roles"] == []
    left = boto("ec2").describe_security_groups()["SecurityGroups"]
    assert not [one for one in left if one["GroupName"].startswith("mlflow")]
    assert calls.made.index("DeleteService") < calls.made.index("DeleteDBCluster")
    assert given["ServiceName"] in fargate.services
