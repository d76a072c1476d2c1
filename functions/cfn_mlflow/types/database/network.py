"""The subnets and the security groups of the database."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ec2.security_group import SecurityGroup, SecurityGroupRules, tcp
from cfn_mlflow.aws.rds.client import PORT
from cfn_mlflow.aws.rds.subnet_group import DBSubnetGroup
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.database.properties import DatabaseProperties


def sharing(owner: Owner, properties: DatabaseProperties) -> Owner:
    """Return the owner of the objects that other stacks may use.

    These are the cluster, the client security group and the secrets of the logins.
    """
    return replace(owner, shared_with=properties.shared_with_stacks)


@dataclass(frozen=True)
class DatabaseNetwork:
    """The security groups with their rules, and the subnets."""

    client: SecurityGroup
    group: SecurityGroup
    rules: tuple[SecurityGroupRules, ...]
    subnets: DBSubnetGroup


def network(graph: Graph, owner: Owner, properties: DatabaseProperties) -> DatabaseNetwork:
    """Add the subnets and two security groups: the database's admits only the clients'."""
    vpc_id = properties.vpc_id
    client = graph.add(
        SecurityGroup(
            sharing(owner, properties),
            "database-client",
            vpc_id,
            "Clients of the database of MLflow",
        )
    )
    group = graph.add(SecurityGroup(owner, "database", vpc_id, "The database of MLflow"))
    client_id, group_id = (g.output(lambda view: view.id) for g in (client, group))
    rules = (
        SecurityGroupRules("database-client", client_id, egress=(tcp(PORT, group_id),)),
        SecurityGroupRules("database", group_id, ingress=(tcp(PORT, client_id),)),
    )
    return DatabaseNetwork(
        client,
        group,
        tuple(graph.add(each) for each in rules),
        graph.add(DBSubnetGroup(owner, vpc_id, properties.subnet_ids)),
    )
