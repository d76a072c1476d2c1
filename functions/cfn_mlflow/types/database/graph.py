"""Custom::MLflowDatabase: the graph of Aurora PostgreSQL, its network, secrets and logins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ec2.allowed_network import AllowedVpc
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.aws.rds.client import DATABASE_NAME, MASTER_NAME, DatabaseLogGroup
from cfn_mlflow.aws.rds.cluster import DBCluster
from cfn_mlflow.aws.rds.cluster_completion import CompleteDBCluster
from cfn_mlflow.aws.rds.cluster_view import DBClusterView, cluster_identifier, major
from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.aws.rds.parameter_group import DBClusterParameterGroup
from cfn_mlflow.aws.rds.subnet_group import DBSubnetGroupView
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.aws.secretsmanager.password_secret import AllowedPasswordSecret, MirroredSecret
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output, combine, gather
from cfn_mlflow.postgres.connection_limit import ConnectionLimit, ConnectionLimitView
from cfn_mlflow.rotation.logins import active
from cfn_mlflow.types.common.connections import max_connections
from cfn_mlflow.types.common.name_reservation import reserve_name
from cfn_mlflow.types.common.type_handler import resource_type
from cfn_mlflow.types.database.attributes import DatabaseAttributes
from cfn_mlflow.types.database.logins import (
    Master,
    kept_password,
    login_secrets,
    logins,
    roles,
    rotation,
)
from cfn_mlflow.types.database.network import DatabaseNetwork, network, sharing
from cfn_mlflow.types.database.properties import DatabaseProperties

LOG_RETENTION_DAYS = 90


@dataclass(frozen=True)
class DatabaseParts:
    """The values of the database that other parts need. Some outputs wait for the logins."""

    cluster_id: Output[str]
    cluster_arn: Output[str]
    endpoint: Output[str]
    reader_endpoint: Output[str]
    port: Output[str]
    database_name: str
    engine_version: Output[str]
    max_connections: Output[int]
    security_group_id: Output[str]
    client_security_group_id: Output[str]
    master_secret_arn: Output[str]
    service_secret_arn: Output[str]
    """Of the active login."""
    login_secret_arns: Output[tuple[str, ...]]
    """Of the active and the standby login."""
    migration_secret_arn: Output[str]
    kms_key_arn: str | None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Return the attributes by their names in CloudFormation."""
        fields = DatabaseAttributes.model_fields
        return {str(field.alias): getattr(self, name) for name, field in fields.items()}


def database(graph: Graph, owner: Owner, properties: DatabaseProperties) -> DatabaseParts:
    """Add the database to the graph: network, cluster, instances, then roles and logins."""
    graph.add(AllowedVpc(owner, owner.spelled("VpcId"), properties.vpc_id))
    if properties.kms_key_arn:
        graph.add(AllowedKey(owner, owner.spelled("KmsKeyArn"), properties.kms_key_arn))
    net = network(graph, owner, properties)
    mirror = _mirror(graph, owner, properties)
    cluster = _cluster(graph, owner, properties, net, mirror)
    master = Master(
        cluster_arn=cluster.output(lambda view: view.arn),
        secret_arn=mirror.output(lambda view: view.arn)
        if mirror
        else cluster.output(lambda view: view.master_secret_arn),
    )
    instances = _instances(graph, owner, properties, net, cluster)
    kept = (kept_password(master, cluster, mirror),) if mirror else ()
    inside = roles(graph, kept, master, instances)
    limit = graph.add(ConnectionLimit(master.cluster_arn, master.secret_arn), after=inside)
    secrets = login_secrets(graph, sharing(owner, properties), properties.kms_key_arn)
    ready = (*net.rules, *inside, *logins(graph, master, cluster, secrets, inside))
    rotation(graph, owner, properties.rotation_schedule, cluster, ready)
    both = gather(secret.output(lambda view: view) for secret in (secrets.first, secrets.second))
    return DatabaseParts(
        cluster_id=cluster.output(lambda view: view.identifier),
        cluster_arn=cluster.output(lambda view: view.arn),
        endpoint=cluster.output(lambda view: view.endpoint).after(*ready),
        reader_endpoint=cluster.output(lambda view: view.reader_endpoint).after(*ready),
        port=cluster.output(lambda view: str(view.port)),
        database_name=DATABASE_NAME,
        engine_version=cluster.output(lambda view: view.engine_version),
        max_connections=combine(
            _connections, cluster.output(lambda view: view), limit.output(lambda view: view)
        ),
        security_group_id=net.group.output(lambda view: view.id),
        client_security_group_id=net.client.output(lambda view: view.id),
        master_secret_arn=master.secret_arn,
        service_secret_arn=both.map(lambda views: active(*views).arn).after(*ready),
        login_secret_arns=both.map(lambda views: tuple(sorted(view.arn for view in views))),
        migration_secret_arn=secrets.migration.output(lambda view: view.arn).after(*ready),
        kms_key_arn=properties.kms_key_arn,
    )


def complete_database(graph: Graph, owner: Owner, parts: DatabaseParts) -> None:
    """Add the step that protects the cluster and marks it as complete, after all other objects."""
    graph.add(CompleteDBCluster(owner, parts.cluster_id), after=tuple(graph.wanted))


def _mirror(graph: Graph, owner: Owner, properties: DatabaseProperties) -> MirroredSecret | None:
    """Add the mirror of the user's master password, if they keep one."""
    source = properties.password_secret_arn
    if source is None:
        graph.without(LoginSecret(owner, None, MASTER_NAME))
        return None
    mirror = MirroredSecret(owner, properties.kms_key_arn, MASTER_NAME, source)
    name = owner.spelled("PasswordSecretArn")
    allowed = graph.add(AllowedPasswordSecret(owner, name, source, mirror))
    return graph.add(mirror, after=(allowed,))


def _cluster(
    graph: Graph,
    owner: Owner,
    properties: DatabaseProperties,
    network: DatabaseNetwork,
    mirror: MirroredSecret | None,
) -> DBCluster:
    parameters = graph.add(DBClusterParameterGroup(owner, str(major(properties.engine_version))))
    log_group = graph.add(DatabaseLogGroup(owner, LOG_RETENTION_DAYS, cluster_identifier(owner)))
    cluster = DBCluster(
        sharing(owner, properties),
        engine_version=properties.engine_version,
        subnet_group=network.subnets.output(lambda view: view.name),
        parameter_group=parameters.output(lambda view: view.name),
        security_group_id=network.group.output(lambda view: view.id),
        min_capacity=properties.min_capacity,
        max_capacity=properties.max_capacity,
        seconds_until_auto_pause=(
            properties.seconds_until_auto_pause if properties.auto_pause else None
        ),
        backup_retention_period=properties.backup_retention_period,
        instance_count=properties.instance_count,
        kms_key_arn=properties.kms_key_arn,
        password_secret_arn=mirror.output(lambda view: view.arn) if mirror else None,
        skip_final_snapshot=properties.skip_final_snapshot,
    )
    return graph.add(cluster, after=(log_group,))


def _instances(
    graph: Graph,
    owner: Owner,
    properties: DatabaseProperties,
    network: DatabaseNetwork,
    cluster: DBCluster,
) -> tuple[DBInstance, ...]:
    return tuple(
        graph.add(
            DBInstance(
                owner,
                number,
                cluster=cluster.output(lambda view: view.identifier),
                zones=combine(
                    _zones,
                    cluster.output(lambda view: view),
                    network.subnets.output(lambda view: view),
                ),
            )
        )
        for number in range(1, properties.instance_count + 1)
    )


def _zones(cluster: DBClusterView, subnets: DBSubnetGroupView) -> tuple[str, ...]:
    """Return the zones where instances can be: those of Aurora's storage that have a subnet."""
    return tuple(zone for zone in subnets.zones if zone in cluster.zones)


def _connections(cluster: DBClusterView, limit: ConnectionLimitView) -> int:
    """Return the fewer of the connections accepted now and those after the next reboot."""
    return min(limit.max_connections, max_connections(cluster.min_capacity, cluster.max_capacity))


def _graph(owner: Owner, properties: DatabaseProperties) -> Graph:
    graph = Graph()
    reserve_name(graph, owner, "MLflowDatabase")
    parts = database(graph, owner, properties)
    complete_database(graph, owner, parts)
    graph.give(parts.attributes)
    return graph


DATABASE = resource_type("Custom::MLflowDatabase", DatabaseProperties, _graph)
