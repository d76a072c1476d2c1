"""All that a stack has, as AWS tells it: settings, tags, policies, and what is kept in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack

Json = Any
Clients = Callable[[str], Any]

MOVES_BY_ITSELF = {
    "EarliestRestorableTime",
    "LastAccessedDate",
    "LatestRestorableTime",
    "ResponseMetadata",
    "RoleLastUsed",
    "StateReason",
    "StateReasonData",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "StateValue",
    "events",
    "storedBytes",
}
"""What AWS changes though nobody asks: backups, use, states of alarms, what services tell."""


def everything(aws: LocalAws, stack: Stack) -> dict[str, Json]:
    """Return all objects of a stack, whole, by their ARNs; with a database's rows.

    Raises KeyError for an object of a kind that it cannot describe.
    """
    clients = aws.session().client
    tags = evidence.tags_of_owned(clients, stack.id)
    found = {arn: {"tags": tags[arn], **_described(clients, arn)} for arn in sorted(tags)}
    return found | {f"rows of {arn}": rows(clients, arn, tags) for arn in found if _is_cluster(arn)}


def rows(clients: Clients, cluster: str, arns: Mapping[str, Json]) -> dict[str, str]:
    """Return a digest of all rows of each table, read by the login that owns them."""
    [secret] = [arn for arn in arns if ":secret:" in arn and "-mlflow-migrate-" in arn]

    def ask(sql: str) -> list[tuple[str, ...]]:
        answer = clients("rds-data").execute_statement(
            resourceArn=cluster, secretArn=secret, database="mlflow", sql=sql
        )
        return [tuple(str(next(iter(cell.values()))) for cell in row) for row in answer["records"]]

    tables = [name for (name,) in ask(_TABLES)]
    digests = [_DIGEST.format(table=table) for table in tables]
    return {row[0]: row[1] for row in ask(" UNION ALL ".join(digests))}


_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
_DIGEST = (
    "SELECT '{table}', count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' ORDER BY t::text)"
    """, '')) FROM "{table}" t"""
)


def _is_cluster(arn: str) -> bool:
    return arn.split(":")[2] == "rds" and ":cluster:" in arn


def _described(clients: Clients, arn: str) -> dict[str, Json]:
    _, _, service, _, _, rest = arn.split(":", 5)
    kind = rest.partition("/")[0].partition(":")[0] if service != "s3" else ""
    return {name: still(told) for name, told in _LOOKS[service, kind](clients, arn).items()}


def still(told: Json) -> Json:
    """Return what was told without what moves by itself."""
    if isinstance(told, Mapping):
        return {key: still(value) for key, value in told.items() if key not in MOVES_BY_ITSELF}
    return [still(one) for one in told] if isinstance(told, list) else told


def _cluster(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("rds").describe_db_clusters(DBClusterIdentifier=_last(arn))}


def _instance(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("rds").describe_db_instances(DBInstanceIdentifier=_last(arn))}


def _parameters(clients: Clients, arn: str) -> dict[str, Json]:
    rds, name = clients("rds"), {"DBClusterParameterGroupName": _last(arn)}
    return {
        "is": rds.describe_db_cluster_parameter_groups(**name),
        "parameters": rds.describe_db_cluster_parameters(**name, Source="user"),
    }


def _subnets(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("rds").describe_db_subnet_groups(DBSubnetGroupName=_last(arn))}


def _secret(clients: Clients, arn: str) -> dict[str, Json]:
    secrets = clients("secretsmanager")
    return {
        "is": secrets.describe_secret(SecretId=arn),
        "value": secrets.get_secret_value(SecretId=arn),
        "policy": secrets.get_resource_policy(SecretId=arn),
    }


def _bucket(clients: Clients, arn: str) -> dict[str, Json]:
    s3, name = clients("s3"), {"Bucket": _last(arn)}
    return {
        "objects": s3.list_object_versions(**name),
        "policy": s3.get_bucket_policy(**name),
        "encryption": s3.get_bucket_encryption(**name),
        "lifecycle": s3.get_bucket_lifecycle_configuration(**name),
        "versioning": s3.get_bucket_versioning(**name),
        "public access": s3.get_public_access_block(**name),
        "ownership": s3.get_bucket_ownership_controls(**name),
    }


def _ecs_cluster(clients: Clients, arn: str) -> dict[str, Json]:
    ecs = clients("ecs")
    tasks = sorted(ecs.list_tasks(cluster=arn)["taskArns"])
    return {
        "is": ecs.describe_clusters(clusters=[arn]),
        "tasks": ecs.describe_tasks(cluster=arn, tasks=tasks) if tasks else [],
    }


def _service(clients: Clients, arn: str) -> dict[str, Json]:
    scaling, resource = clients("application-autoscaling"), arn.split(":service/")[1]
    place = {"ServiceNamespace": "ecs", "ResourceId": f"service/{resource}"}
    return {
        "is": clients("ecs").describe_services(cluster=resource.split("/")[0], services=[arn]),
        "scaling": scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[place["ResourceId"]]
        ),
        "policies of scaling": scaling.describe_scaling_policies(**place),
    }


def _task_definition(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("ecs").describe_task_definition(taskDefinition=arn)}


def _task(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("ecs").describe_tasks(cluster=arn.split("/")[1], tasks=[arn])}


def _balancer(clients: Clients, arn: str) -> dict[str, Json]:
    elb = clients("elbv2")
    return {
        "is": elb.describe_load_balancers(LoadBalancerArns=[arn]),
        "attributes": elb.describe_load_balancer_attributes(LoadBalancerArn=arn),
        "listeners": elb.describe_listeners(LoadBalancerArn=arn),
    }


def _target_group(clients: Clients, arn: str) -> dict[str, Json]:
    elb = clients("elbv2")
    return {
        "is": elb.describe_target_groups(TargetGroupArns=[arn]),
        "attributes": elb.describe_target_group_attributes(TargetGroupArn=arn),
        "targets": elb.describe_target_health(TargetGroupArn=arn),
    }


def _listener(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("elbv2").describe_listeners(ListenerArns=[arn])}


def _log_group(clients: Clients, arn: str) -> dict[str, Json]:
    name = arn.split(":log-group:")[1].removesuffix(":*")
    return {"is": clients("logs").describe_log_groups(logGroupNamePrefix=name)}


def _rule(clients: Clients, arn: str) -> dict[str, Json]:
    events, name = clients("events"), arn.rpartition("/")[2]
    return {
        "is": events.describe_rule(Name=name),
        "targets": events.list_targets_by_rule(Rule=name),
    }


def _alarm(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("cloudwatch").describe_alarms(AlarmNames=[arn.split(":alarm:")[1]])}


def _group(clients: Clients, arn: str) -> dict[str, Json]:
    ec2, group = clients("ec2"), arn.rpartition("/")[2]
    return {"is": ec2.describe_security_groups(GroupIds=[group])}


def _role(clients: Clients, arn: str) -> dict[str, Json]:
    iam, name = clients("iam"), {"RoleName": arn.rpartition("/")[2]}
    policies = iam.list_role_policies(**name)["PolicyNames"]
    return {
        "is": iam.get_role(**name),
        "policies": [iam.get_role_policy(**name, PolicyName=policy) for policy in policies],
        "attached": iam.list_attached_role_policies(**name),
    }


def _parameter(clients: Clients, arn: str) -> dict[str, Json]:
    return {"is": clients("ssm").get_parameter(Name=arn.split(":parameter")[1])}


def _last(arn: str) -> str:
    return arn.rpartition(":")[2]


_LOOKS: Mapping[tuple[str, str], Callable[[Clients, str], dict[str, Json]]] = {
    ("cloudwatch", "alarm"): _alarm,
    ("ec2", "security-group"): _group,
    ("ecs", "cluster"): _ecs_cluster,
    ("ecs", "service"): _service,
    ("ecs", "task"): _task,
    ("ecs", "task-definition"): _task_definition,
    ("elasticloadbalancing", "listener"): _listener,
    ("elasticloadbalancing", "loadbalancer"): _balancer,
    ("elasticloadbalancing", "targetgroup"): _target_group,
    ("events", "rule"): _rule,
    ("iam", "role"): _role,
    ("logs", "log-group"): _log_group,
    ("rds", "cluster"): _cluster,
    ("rds", "cluster-pg"): _parameters,
    ("rds", "db"): _instance,
    ("rds", "subgrp"): _subnets,
    ("s3", ""): _bucket,
    ("secretsmanager", "secret"): _secret,
    ("ssm", "parameter"): _parameter,
}
"""How an object of each kind is looked at."""
