"""Templates of stacks from parts: first what keeps the data, then the service and the check."""

from __future__ import annotations

from typing import Any

from tests.support.mlflow.mlflow_stacks import Network

Template = dict[str, Any]


def stores(network: Network, name: str) -> Template:
    """Return a template with a bucket and a database, both of which a deletion takes along."""
    resources = {
        "Bucket": _part("Bucket", name, Path="/artifacts", EmptyOnDelete=True),
        "Database": _part(
            "Database",
            name,
            VpcId=network.vpc_id,
            SubnetIds=network.subnet_ids,
            InstanceCount=1,
            SkipFinalSnapshot=True,
        ),
    }
    outputs = {
        "BucketId": _of("Bucket", "BucketId"),
        "Path": _of("Bucket", "Path"),
        "Endpoint": _of("Database", "Endpoint"),
        "MigrationSecretArn": _of("Database", "MigrationSecretArn"),
    }
    return {"Resources": resources, "Outputs": _outputs(outputs)}


def with_service(network: Network, name: str, image_tag: str) -> Template:
    """Return the same with one MLflow of one process, and the check of its schema."""
    template = stores(network, name)
    template["Resources"] |= {
        "Service": _part(
            "Service",
            name,
            VpcId=network.vpc_id,
            SubnetIds=network.subnet_ids,
            LoadBalancerSubnetIds=network.subnet_ids,
            LoadBalancerIngressCidrBlocks=["10.0.0.0/8"],
            ImageTag=image_tag,
            MinCapacity=1,
            MaxCapacity=1,
            Workers=1,
            DatabaseEndpoint=_of("Database", "Endpoint"),
            DatabasePort=_of("Database", "Port"),
            DatabaseName=_of("Database", "DatabaseName"),
            DatabaseSecretArn=_of("Database", "ServiceSecretArn"),
            DatabaseMigrationSecretArn=_of("Database", "MigrationSecretArn"),
            DatabaseClientSecurityGroupId=_of("Database", "ClientSecurityGroupId"),
            DatabaseClusterArn=_of("Database", "ClusterArn"),
            DatabaseMaxConnections=_of("Database", "MaxConnections"),
            ArtifactBucketId=_of("Bucket", "BucketId"),
            ArtifactBucketPath=_of("Bucket", "Path"),
        ),
        "Schema": _part(
            "Schema",
            None,
            ClusterArn=_of("Database", "ClusterArn"),
            SecretArn=_of("Database", "ServiceSecretArn"),
            DatabaseName=_of("Database", "DatabaseName"),
            ImageTag=image_tag,
            TaskDefinitionArn=_of("Service", "TaskDefinitionArn"),
        ),
    }
    template["Outputs"] |= _outputs(
        {
            "TrackingUri": _of("Service", "TrackingUri"),
            "State": _of("Schema", "State"),
            "Differences": _of("Schema", "Differences"),
            "Revision": _of("Schema", "Revision"),
        }
    )
    return template


def _part(kind: str, name: str | None, **properties: Any) -> dict[str, Any]:
    named = {"UniqueName": name} if name else {}
    token = {"Fn::ImportValue": f"cfn-mlflow-MLflow{kind}"}
    return {
        "Type": f"Custom::MLflow{kind}",
        "Properties": {"ServiceToken": token, **named, **properties},
    }


def _of(logical_id: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]}


def _outputs(values: dict[str, Any]) -> dict[str, Any]:
    return {name: {"Value": value} for name, value in values.items()}
