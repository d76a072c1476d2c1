"""Custom::MLflow: the parts' graphs joined, on a real PostgreSQL through the Data API."""

from __future__ import annotations

import json

from cfn_mlflow.types.mlflow import graph as mlflow_server
from cfn_mlflow.types.mlflow.attributes import MLflowAttributes
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import parse_for_removal
from tests.support.beside_moto.aurora import CONNECTIONS
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.kill_points import watched
from tests.support.objects.mlflow_kit import Properties, asked, graph_of
from tests.support.objects.service_kit import HEAD, boto, converge, owner, remove

__all__ = ["asked"]

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
