"""A database whose schema is to be moved under data, as the inspection has found it."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.aws.ecs.task import Task
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import InspectionView
from cfn_mlflow.upgrade.migration.result import parse
from tests.support.beside_moto.fargate import behind
from tests.support.objects.service_kit import boto, owner

OLDER, HEAD = "b7e2c1a4d9f3", "dc11669786a5"
LOOK = Task(
    arn="arn:aws:ecs:eu-west-1:123456789012:task/mlflow/0123456789abcdef",
    definition_arn="arn",
    status="STOPPED",
    stop_code="",
    stopped_reason="",
    created_at=None,
    stopped_at=None,
    containers=(),
)
LAUNCHER = Launcher(owner(), "arn", "mlflow-abcdefghij", (), (), "log")
BEHIND = InspectionView(runs=(LOOK,), result=parse([behind(OLDER, HEAD).line], 0))
"""Data at an older revision: its schema is to be moved."""
EMPTY = InspectionView(empty=True)
"""No data: there is nothing to rehearse, and nothing to keep."""


def make_source(vpc: dict[str, Any]) -> str:
    """Make the service's cluster; return its ARN."""
    rds = boto("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="subnets", DBSubnetGroupDescription="s", SubnetIds=vpc["SubnetIds"]
    )
    made = rds.create_db_cluster(
        DBClusterIdentifier="source",
        Engine="aurora-postgresql",
        MasterUsername="mlflow_master",
        MasterUserPassword="a-password-of-a-test",
        DBSubnetGroupName="subnets",
        VpcSecurityGroupIds=[vpc["GroupId"]],
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4.0},
    )
    return str(made["DBCluster"]["DBClusterArn"])
