"""The objects that a service's properties name. They are checked before anything is made."""

from __future__ import annotations

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ec2.allowed_network import AllowedSecurityGroup, AllowedVpc
from cfn_mlflow.aws.ecr.allowed_image import AllowedImage
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.aws.rds.allowed_cluster import AllowedClusterAt
from cfn_mlflow.aws.s3.allowed_bucket import AllowedBucket, AllowedBucketToRead
from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from cfn_mlflow.aws.sns.allowed_topic import AllowedTopic
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output, Value
from cfn_mlflow.types.service.properties import ServiceProperties, ServiceSettings
from cfn_mlflow.types.service.tasks.sidecar_secrets import secrets_named


def named_by_settings(graph: Graph, owner: Owner, asked: ServiceSettings) -> None:
    """Add the objects that every service may name beside its database and its bucket."""
    graph.add(AllowedVpc(owner, owner.spelled("VpcId"), asked.vpc_id))
    graph.add(AllowedImage(owner, owner.spelled("Image"), asked.image_uri))
    sidecars = owner.spelled("SidecarContainerDefinitions")
    for index, sidecar in enumerate(asked.sidecar_container_definitions):
        graph.add(AllowedImage(owner, f"{sidecars}[{index}].Image", sidecar["image"]))
    for place, arn in secrets_named(asked.sidecar_container_definitions):
        graph.add(AllowedSecret(owner, f"{sidecars}{place}", arn))
    buckets = owner.spelled("ArtifactBucketsMlflowWillRead")
    for arn in asked.artifact_buckets_mlflow_will_read:
        graph.add(AllowedBucketToRead(owner, buckets, arn))
    if asked.alarm_topic_arn:
        graph.add(AllowedTopic(owner, owner.spelled("AlarmTopicArn"), asked.alarm_topic_arn))


def named_by_wiring(
    graph: Graph, owner: Owner, asked: ServiceProperties
) -> tuple[Value[str], Output[str]]:
    """Add the database and the bucket of a service that is wired to them.

    Return the ARN of the cluster, empty without one, and the ARN of the login's secret. The
    provider itself queries the database with them, so each is empty if the stack may not use it.
    """
    login = AllowedSecret(owner, "DatabaseSecretArn", asked.database_secret_arn)
    migration = asked.database_migration_secret_arn
    group = asked.database_client_security_group_id
    graph.add(login)
    graph.add(AllowedSecret(owner, "DatabaseMigrationSecretArn", migration))
    graph.add(AllowedSecurityGroup(owner, "DatabaseClientSecurityGroupId", group))
    graph.add(AllowedBucket(owner, "ArtifactBucketId", asked.artifact_bucket_id))
    key = asked.artifact_bucket_encryption_key_arn
    if key:
        graph.add(AllowedKey(owner, "ArtifactBucketEncryptionKeyArn", key))
    return _cluster_arn(graph, owner, asked), login.output(login.usable)


def _cluster_arn(graph: Graph, owner: Owner, asked: ServiceProperties) -> Value[str]:
    if asked.database_cluster_arn is None:
        return ""
    cluster = AllowedClusterAt(
        owner,
        "DatabaseClusterArn",
        asked.database_cluster_arn,
        endpoint_property="DatabaseEndpoint",
        endpoint=asked.database_endpoint,
    )
    return graph.add(cluster).output(cluster.usable)
