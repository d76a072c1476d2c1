"""The attributes of Custom::MLflowService, which `Fn::GetAtt` returns."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Attributes, described


class ServiceAttributes(Attributes):
    """The attributes of the service."""

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
    load_balancer_security_group_id: str = described(
        "LoadBalancerSecurityGroupId", "Security group of the load balancer."
    )
    cluster_id: str = described("ClusterId", "ARN of the ECS cluster.")
    service_name: str = described("ServiceName", "Name of the ECS service.")
    service_security_group_id: str = described(
        "ServiceSecurityGroupId", "Security group of the tasks."
    )
    task_definition_arn: str = described(
        "TaskDefinitionArn", "ARN of the task definition that runs."
    )
    execution_role_id: str = described("ExecutionRoleId", "Name of the role that starts the tasks.")
    task_role_id: str = described("TaskRoleId", "Name of the role that MLflow has in the tasks.")
    log_group_name: str = described("LogGroupName", "Name of the log group.")
    autoscaling_target_service_namespace: str = described(
        "AutoscalingTargetServiceNamespace", "Of the scalable target: `ecs`."
    )
    autoscaling_target_resource_id: str = described(
        "AutoscalingTargetResourceId", "Of the scalable target."
    )
    autoscaling_target_scalable_dimension: str = described(
        "AutoscalingTargetScalableDimension", "Of the scalable target."
    )
    autoscaling_target_min_capacity: str = described(
        "AutoscalingTargetMinCapacity", "Fewest tasks."
    )
    autoscaling_target_max_capacity: str = described("AutoscalingTargetMaxCapacity", "Most tasks.")
    image: str = described(
        "Image",
        "Image that runs: the one that is asked, or a newer one if the database is ahead of that.",
    )
    image_digest: str = described(
        "ImageDigest",
        "Digest of the image that the tasks run, as ECS reports it; empty if it reports none.",
    )
    connection_budget: str = described(
        "ConnectionBudget",
        "Connections that the tasks can open, of those that the database accepts, as a sum.",
    )
    schema_revision: str = described("SchemaRevision", "Revision of the database's schema.")
    schema_migrations: str = described(
        "SchemaMigrations",
        "Revisions that were pending when this image was deployed, separated by commas; empty if"
        " none were, or the database was new.",
    )
    schema_snapshot_id: str = described(
        "SchemaSnapshotId",
        "Snapshot from before they ran; empty if there was nothing to lose.",
    )
    server_secret_arn: str = described(
        "ServerSecretArn",
        "Secret of MLflow's own keys, and of its admin's login where it asks for one.",
    )
