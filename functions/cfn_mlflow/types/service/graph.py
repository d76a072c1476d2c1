"""Custom::MLflowService: the graph of the tracking server behind its load balancer."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cfn_mlflow.aws.autoscaling.policy import CpuPolicy
from cfn_mlflow.aws.autoscaling.target import ScalableTarget
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.ecs.service import Service
from cfn_mlflow.aws.ecs.task_definition import TaskDefinition
from cfn_mlflow.aws.elbv2.load_balancer import DeletionProtection, LoadBalancer
from cfn_mlflow.aws.iam.role import EarlierPolicies, Policy, Role
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.aws.secretsmanager.server_secret import CompleteServerSecret, ServerSecret
from cfn_mlflow.deep_check.task import DeepCheck
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output, combine, gather, output_of
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import Cause
from cfn_mlflow.rotation.logins import ActiveLogin
from cfn_mlflow.types.common.connections import Budget
from cfn_mlflow.types.common.name_reservation import reserve_name
from cfn_mlflow.types.common.type_handler import resource_type
from cfn_mlflow.types.service.attributes import ServiceAttributes
from cfn_mlflow.types.service.connection_budget import ConnectionBudget
from cfn_mlflow.types.service.named_resources import named_by_settings, named_by_wiring
from cfn_mlflow.types.service.network import network, network_attributes
from cfn_mlflow.types.service.properties import ServiceProperties, ServiceSettings
from cfn_mlflow.types.service.schema_schedule import schema_schedule
from cfn_mlflow.types.service.tasks.definitions import CONTAINER, Definitions, ServerParts
from cfn_mlflow.types.service.tasks.environment import PORT
from cfn_mlflow.types.service.tasks.policies import execution_policy, task_policy
from cfn_mlflow.types.service.tasks.sidecar_secrets import secrets_of
from cfn_mlflow.types.service.upgrade import UpgradeSteps
from cfn_mlflow.types.service.wiring import Wiring
from cfn_mlflow.upgrade.fallback_image import with_way_out
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.migration.definition import MigrationDefinition


@dataclass(frozen=True)
class ServiceParts:
    """The parts of the service that other graphs, such as Custom::MLflow's, need."""

    attributes: Mapping[str, Any]
    """Outputs by the names of the fields of ServiceAttributes."""
    load_balancer: LoadBalancer
    server_secret: ServerSecret


@dataclass(frozen=True)
class _Roles:
    task: Role
    execution: Role


def service(graph: Graph, owner: Owner, asked: ServiceSettings, wiring: Wiring) -> ServiceParts:
    """Add the service to the graph: network, roles, upgrade, then the tasks and their scaling."""
    named_by_settings(graph, owner, asked)
    log_group = graph.add(LogGroup(owner, asked.log_retention_in_days))
    cluster = graph.add(Cluster(owner))
    net = network(graph, owner, asked)
    keys = ServerSecret(owner, wiring.secrets_key_arn or None)
    keys_arn = graph.add(keys).output(lambda view: view.arn)
    roles = _roles(
        graph, owner, asked, wiring, log_group=log_group.name, server_secret_arn=keys_arn
    )
    before_tasks: tuple[Observed[Any], ...] = (log_group, cluster, *net.rules)

    budget = graph.add(
        ConnectionBudget(
            owner.stack_id,
            Budget(asked.max_capacity, asked.workers, wiring.asked_connections, asked.basic_auth),
            wiring.max_connections,
        )
    )
    definitions = Definitions(owner, asked, log_group.name)
    execution_role_arn = roles.execution.output(lambda view: view.arn)
    of_migration = combine(definitions.migration, wiring.whole, execution_role_arn, keys_arn)
    migrations = graph.add(MigrationDefinition(owner, of_migration, "migration"))
    groups = (net.service_group_id, output_of(wiring.client_security_group_id))
    launcher = combine(
        lambda arn, groups: Launcher(
            owner, arn, cluster.name, asked.subnet_ids, groups, log_group.name
        ),
        migrations.output(lambda view: view.arn),
        gather(groups),
    )
    resource_id = f"service/{cluster.name}/{cluster.name}"
    before = UpgradeSteps(graph, owner, asked, wiring, launcher).add(
        resource_id, after=before_tasks
    )
    dns_name = net.load_balancer.output(lambda view: view.dns_name)
    server = combine(
        ServerParts,
        roles.task.output(lambda view: view.arn),
        dns_name,
        before.runs.image,
        keys_arn,
    )
    of_server = combine(
        definitions.server,
        wiring.whole,
        budget.output(lambda view: view),
        execution_role_arn,
        server,
    )
    definition = graph.add(TaskDefinition(owner, of_server))
    tasks = graph.add(
        Service(
            owner,
            definition.output(lambda view: view.arn),
            asked.subnet_ids,
            groups,
            target_group_arn=net.target_group.output(lambda view: view.arn),
            container=CONTAINER,
            port=PORT,
            min_capacity=asked.min_capacity,
            max_capacity=asked.max_capacity,
            log_group=log_group.name,
            told=before.fallback_at.map(partial(_reason_of, owner)),
            database=output_of(wiring.cluster_arn).map(_cluster_id),
        ),
        after=(*before_tasks, net.listener, before.migration),
    )
    check = graph.add(
        DeepCheck(
            launcher,
            definition.output(lambda view: view),
            dns_name,
            CONTAINER,
            PORT,
            fallback_at=before.fallback_at,
        ),
        after=(tasks,),
    )
    target = _scaling(graph, owner, asked, tasks, after=(check,))
    graph.without(EarlierPolicies(owner, "task"))
    graph.without(EarlierPolicies(owner, "execution", fallback_at=before.fallback_at))
    attributes = {
        **network_attributes(net),
        **_scaling_attributes(target),
        **before.attributes,
        "cluster_id": cluster.output(lambda view: view.arn),
        "service_name": tasks.output(lambda view: view.name),
        "task_definition_arn": tasks.output(lambda view: view.definition_arn),
        "image_digest": check.output(lambda view: view.image_digest),
        "execution_role_id": roles.execution.output(lambda view: view.name),
        "task_role_id": roles.task.output(lambda view: view.name),
        "log_group_name": log_group.output(lambda view: view.name),
        "connection_budget": budget.output(lambda view: view.words),
        "server_secret_arn": keys_arn,
    }
    schema_schedule(graph, owner, asked, wiring, before.runs)
    return ServiceParts(attributes, net.load_balancer, keys)


def complete_service(graph: Graph, parts: ServiceParts) -> None:
    """Add, after all other objects, the steps that complete the service.

    They mark the server's secret as complete and protect the load balancer from deletion.
    """
    arn = parts.load_balancer.output(lambda view: view.arn)
    secret_arn = parts.server_secret.output(lambda view: view.arn)
    complete = CompleteServerSecret(parts.server_secret.owner, secret_arn)
    graph.add(complete, after=tuple(graph.wanted))
    graph.add(DeletionProtection(arn), after=tuple(graph.wanted))


def _roles(  # noqa: PLR0913 - all that the two roles may reach
    graph: Graph,
    owner: Owner,
    asked: ServiceSettings,
    wiring: Wiring,
    *,
    log_group: str,
    server_secret_arn: Output[str],
) -> _Roles:
    sidecars = asked.sidecar_container_definitions
    images = [asked.image_uri, *(sidecar["image"] for sidecar in sidecars)]

    def may_start(logins: tuple[str, ...], migration: str, server: str) -> Policy:
        named = [*logins, migration, server, *secrets_of(sidecars)]
        return execution_policy(owner, log_group, named, images)

    def may_do(bucket_id: str) -> Policy:
        also_read = asked.artifact_buckets_mlflow_will_read
        return task_policy(owner, bucket_id, wiring.path, wiring.key_arn, also_read)

    execution = Role(
        owner,
        "execution",
        "Starts the tasks of MLflow",
        combine(
            may_start,
            output_of(wiring.login_secret_arns),
            output_of(wiring.migration_secret_arn),
            server_secret_arn,
        ),
        os.environ["EXECUTION_BOUNDARY_ARN"],
    )
    task = Role(
        owner,
        "task",
        "MLflow's own",
        output_of(wiring.bucket_id).map(may_do),
        os.environ["BOUNDARY_ARN"],
    )
    return _Roles(graph.add(task), graph.add(execution))


def _scaling(
    graph: Graph,
    owner: Owner,
    asked: ServiceSettings,
    tasks: Service,
    *,
    after: tuple[Observed[Any], ...],
) -> ScalableTarget:
    """Add the scaling of the number of tasks. It rests until `after` is ready."""
    target = graph.add(
        ScalableTarget(owner, tasks.resource_id, asked.min_capacity, asked.max_capacity),
        after=(tasks, *after),
    )
    policy = CpuPolicy(owner, tasks.resource_id, asked.cpu_target)
    if asked.max_capacity > asked.min_capacity:
        graph.add(policy, after=(target,))
    else:
        graph.without(policy, after=(target,))
    return target


def _scaling_attributes(target: ScalableTarget) -> dict[str, Any]:
    return {
        "autoscaling_target_service_namespace": target.output(lambda view: view.namespace),
        "autoscaling_target_resource_id": target.output(lambda view: view.resource_id),
        "autoscaling_target_scalable_dimension": target.output(lambda view: view.dimension),
        "autoscaling_target_min_capacity": target.output(lambda view: view.min_capacity),
        "autoscaling_target_max_capacity": target.output(lambda view: view.max_capacity),
    }


def _cluster_id(cluster_arn: str) -> str:
    return cluster_arn.rpartition(":")[-1]


def _graph(owner: Owner, asked: ServiceProperties) -> Graph:
    graph = Graph()
    reserve_name(graph, owner, "MLflowService")
    cluster_arn, secret_arn = named_by_wiring(graph, owner, asked)
    login = graph.add(ActiveLogin(owner, secret_arn))
    wiring = Wiring(
        database_endpoint=asked.database_endpoint,
        database_port=str(asked.database_port),
        database_name=asked.database_name,
        service_secret_arn=login.output(lambda view: view.arn),
        login_secret_arns=login.output(lambda view: view.all_arns),
        migration_secret_arn=asked.database_migration_secret_arn,
        client_security_group_id=asked.database_client_security_group_id,
        cluster_arn=cluster_arn,
        max_connections=asked.database_max_connections,
        asked_connections=asked.database_max_connections,
        bucket_id=asked.artifact_bucket_id,
        path=asked.artifact_bucket_path,
        key_arn=asked.artifact_bucket_encryption_key_arn or "",
    )
    parts = service(graph, owner, asked, wiring)
    complete_service(graph, parts)
    fields_by_name = ServiceAttributes.model_fields.items()
    graph.give({str(field.alias): parts.attributes[name] for name, field in fields_by_name})
    return graph


SERVICE = resource_type("Custom::MLflowService", ServiceProperties, _graph)


def _reason_of(owner: Owner, fallback_at: str) -> Callable[[Cause], Cause]:
    """Return the function that turns the cause of a failed deployment into a reason."""
    return lambda cause: with_way_out(cause, owner, fallback_at)
