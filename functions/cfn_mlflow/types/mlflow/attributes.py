"""The attributes of Custom::MLflow, which `Fn::GetAtt` returns."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Attributes, described


class MLflowAttributes(Attributes):
    """The attributes: the outputs of the Terraform module, and more that it does not have."""

    tracking_uri: str = described(
        "TrackingUri", "What MLflow's clients take as their tracking URI."
    )
    load_balancer_arn: str = described("LoadBalancerArn", "ARN of the load balancer.")
    load_balancer_target_group_id: str = described(
        "LoadBalancerTargetGroupId", "ARN of the target group."
    )
    load_balancer_zone_id: str = described(
        "LoadBalancerZoneId", "Hosted zone of the load balancer, for an alias record."
    )
    load_balancer_dns_name: str = described("LoadBalancerDnsName", "DNS name of the load balancer.")
    cluster_id: str = described("ClusterId", "ARN of the ECS cluster.")
    service_execution_role_id: str = described(
        "ServiceExecutionRoleId", "Name of the role that starts the tasks."
    )
    service_task_role_id: str = described(
        "ServiceTaskRoleId", "Name of the role that MLflow has in the tasks."
    )
    service_autoscaling_target_service_namespace: str = described(
        "ServiceAutoscalingTargetServiceNamespace", "Of the scalable target: `ecs`."
    )
    service_autoscaling_target_resource_id: str = described(
        "ServiceAutoscalingTargetResourceId", "Of the scalable target."
    )
    service_autoscaling_target_scalable_dimension: str = described(
        "ServiceAutoscalingTargetScalableDimension", "Of the scalable target."
    )
    service_autoscaling_target_min_capacity: str = described(
        "ServiceAutoscalingTargetMinCapacity", "Fewest tasks."
    )
    service_autoscaling_target_max_capacity: str = described(
        "ServiceAutoscalingTargetMaxCapacity", "Most tasks."
    )
    artifact_bucket_id: str = described("ArtifactBucketId", "Name of the bucket for artifacts.")
    database_cluster_id: str = described("DatabaseClusterId", "Identifier of the database cluster.")
    database_cluster_arn: str = described("DatabaseClusterArn", "ARN of the database cluster.")
    database_endpoint: str = described("DatabaseEndpoint", "Host name of the database's writer.")
    database_port: str = described("DatabasePort", "Port of the database.")
    database_name: str = described("DatabaseName", "Name of MLflow's database.")
    database_security_group_id: str = described(
        "DatabaseSecurityGroupId", "Security group of the database."
    )
    database_client_security_group_id: str = described(
        "DatabaseClientSecurityGroupId", "The only source the database admits."
    )
    database_master_secret_arn: str = described(
        "DatabaseMasterSecretArn", "Secret of the master login."
    )
    database_service_secret_arn: str = described(
        "DatabaseServiceSecretArn", "Secret of the login that MLflow's tasks use."
    )
    service_name: str = described("ServiceName", "Name of the ECS service.")
    service_task_definition_arn: str = described(
        "ServiceTaskDefinitionArn", "ARN of the task definition that runs."
    )
    service_log_group_name: str = described("ServiceLogGroupName", "Name of the log group.")
    service_image: str = described(
        "ServiceImage",
        "Image that runs: the one that is asked, or a newer one if the database is ahead of that.",
    )
    service_image_digest: str = described(
        "ServiceImageDigest", "Digest of the image that the tasks run."
    )
    connection_budget: str = described(
        "ConnectionBudget",
        "Connections that the tasks can open, of those that the database accepts, as a sum.",
    )
    schema_revision: str = described("SchemaRevision", "Revision of the database's schema.")
    schema_migrations: str = described(
        "SchemaMigrations", "Revisions that this image's deploy ran, if any."
    )
    schema_snapshot_id: str = described(
        "SchemaSnapshotId", "Snapshot from before they ran, if any."
    )
    server_secret_arn: str = described(
        "ServerSecretArn",
        "Secret of MLflow's own keys, and of its admin's login where it asks for one.",
    )
