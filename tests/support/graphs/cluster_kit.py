"""A database cluster alone in moto, whose states a test can set."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.rds.cluster import DBCluster
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.service_kit import boto, owner

CLUSTER = "mlflow-database-abcdefghij"


@pytest.fixture
def aurora(vpc: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Aurora:
    boto("rds").create_db_subnet_group(
        DBSubnetGroupName="subnets", DBSubnetGroupDescription="s", SubnetIds=vpc["SubnetIds"]
    )
    made = Aurora()
    made.install(monkeypatch)
    return made


def cluster(**more: Any) -> DBCluster:
    asked: dict[str, Any] = {
        "engine_version": "17.7",
        "subnet_group": "subnets",
        "parameter_group": "parameters",
        "security_group_id": "sg-1",
        "min_capacity": 0.5,
        "max_capacity": 2.0,
        "seconds_until_auto_pause": None,
        "backup_retention_period": 14,
        "instance_count": 1,
        "kms_key_arn": None,
        "password_secret_arn": None,
        "skip_final_snapshot": False,
    }
    return DBCluster(owner(), **{**asked, **more})


def graph(**more: Any) -> Graph:
    made = Graph()
    made.add(cluster(**more))
    return made


def look(asked: Graph) -> Any:
    return Convergence(asked, explain).step()
