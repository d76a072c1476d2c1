"""A database as Custom::MLflowDatabase makes it, and what is there of it."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.database import graph as resource
from cfn_mlflow.types.database.properties import DatabaseProperties
from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.kill_points import Calls, watched
from tests.support.objects.service_kit import boto, converge, owner, secret_value

Properties = dict[str, Any]
CLUSTER = "mlflow-database-abcdefghij"


def graph(asked: Properties, whose: Owner | None = None, **more: Any) -> Graph:
    """Return the graph of a database with these properties."""
    properties = DatabaseProperties.model_validate({**asked, **more})
    return resource._graph(whose or owner(), properties)


def again(asked: Properties, **more: Any) -> Calls:
    """Converge once more and return the calls that it took."""
    with watched() as calls:
        converge(graph(asked, **more))
    return calls


def cluster() -> dict[str, Any]:
    """Return the one cluster as RDS has it."""
    [found] = boto("rds").describe_db_clusters()["DBClusters"]
    return dict(found)


def instances() -> list[dict[str, Any]]:
    """Return the instances in the order of their identifiers."""
    found: list[dict[str, Any]] = boto("rds").describe_db_instances()["DBInstances"]
    return sorted(found, key=lambda each: str(each["DBInstanceIdentifier"]))


def snapshots() -> list[dict[str, Any]]:
    """Return the manual snapshots."""
    found = boto("rds").describe_db_cluster_snapshots(SnapshotType="manual")
    return list(found["DBClusterSnapshots"])


def tags(answer: dict[str, Any]) -> dict[str, str]:
    """Return the tags in an answer of RDS."""
    return {tag["Key"]: tag["Value"] for tag in answer["TagList"]}


def group(identifier: str) -> dict[str, Any]:
    """Return a security group."""
    return dict(boto("ec2").describe_security_groups(GroupIds=[identifier])["SecurityGroups"][0])


def everything() -> dict[str, Any]:
    """Return what is there of the kinds that a database is made of, by name."""
    rds = boto("rds")
    return {
        "clusters": [
            each["DBClusterIdentifier"] for each in rds.describe_db_clusters()["DBClusters"]
        ],
        "instances": [each["DBInstanceIdentifier"] for each in instances()],
        "subnet groups": [
            each["DBSubnetGroupName"] for each in rds.describe_db_subnet_groups()["DBSubnetGroups"]
        ],
        "parameter groups": [
            each["DBClusterParameterGroupName"]
            for each in rds.describe_db_cluster_parameter_groups()["DBClusterParameterGroups"]
        ],
        "secrets": sorted(
            each["Name"]
            for each in boto("secretsmanager").list_secrets()["SecretList"]
            if not each["Name"].startswith("rds!")
        ),
        "log groups": [
            each["logGroupName"] for each in boto("logs").describe_log_groups()["logGroups"]
        ],
        "security groups": sorted(
            each["GroupName"]
            for each in boto("ec2").describe_security_groups()["SecurityGroups"]
            if each["GroupName"] not in ("default", "client")
        ),
    }


KINDS = ("clusters", "instances", "subnet groups", "parameter groups", "secrets", "log groups")
NOTHING: dict[str, Any] = {kind: [] for kind in (*KINDS, "security groups")}


def login(aurora: Aurora, arn: str) -> Any:
    """Return a connection of the login in a secret."""
    assert aurora.server is not None
    found = secret_value(arn)
    return aurora.server.connect(found["username"], found["password"], "mlflow")


def sql(connection: Any, statement: str) -> list[Any]:
    """Run a statement, and return its rows."""
    connection.autocommit = True
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def idle_limits(aurora: Aurora) -> dict[str, str]:
    """Return after how long each login's idle sessions are ended."""
    assert aurora.server is not None
    with aurora.server.admin("mlflow") as cursor:
        cursor.execute("SELECT rolname, rolconfig FROM pg_roles WHERE rolname LIKE 'mlflow%'")
        pairs = [(name, one.split("=")) for name, all_of in cursor for one in all_of or []]
    return {name: pair[1] for name, pair in pairs if pair[0] == "idle_session_timeout"}


@pytest.fixture
def asked(aurora: Aurora, vpc: dict[str, Any]) -> Properties:
    """The required properties."""
    return {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"]}
