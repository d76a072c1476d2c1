"""Names of what is made: within each service's limits, and each another's, however long its parts.

A name is a prefix of the user's, what the object is for, and ten characters of the resource.
"""

from __future__ import annotations

import contextlib
from typing import Any

import botocore.session
import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ecs.task import Task
from cfn_mlflow.engine.output import NotKnown
from cfn_mlflow.engine.resource import Named
from cfn_mlflow.types.mlflow import graph as mlflow_server
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import parse
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import InspectionView
from cfn_mlflow.upgrade.migration.result import Result
from cfn_mlflow.upgrade.snapshot import MigrationSnapshot
from tests.support.objects.aws_texts import refused
from tests.support.objects.service_kit import BOUNDARY, owner

LONGEST = "a" * 32
MADE_BY = {
    "Alarm": ("cloudwatch", "PutMetricAlarm", "AlarmName"),
    "Bucket": ("s3", "CreateBucket", "Bucket"),
    "Cluster": ("ecs", "CreateCluster", "clusterName"),
    "DBCluster": ("rds", "CreateDBCluster", "DBClusterIdentifier"),
    "DBClusterParameterGroup": (
        *("rds", "CreateDBClusterParameterGroup"),
        "DBClusterParameterGroupName",
    ),
    "DBInstance": ("rds", "CreateDBInstance", "DBInstanceIdentifier"),
    "DBSubnetGroup": ("rds", "CreateDBSubnetGroup", "DBSubnetGroupName"),
    "DatabaseLogGroup": ("logs", "CreateLogGroup", "logGroupName"),
    "LoadBalancer": ("elbv2", "CreateLoadBalancer", "Name"),
    "LogGroup": ("logs", "CreateLogGroup", "logGroupName"),
    "LoginSecret": ("secretsmanager", "CreateSecret", "Name"),
    "MigrationDefinition": ("ecs", "RegisterTaskDefinition", "family"),
    "Role": ("iam", "CreateRole", "RoleName"),
    "Rule": ("events", "PutRule", "Name"),
    "CpuPolicy": ("application-autoscaling", "PutScalingPolicy", "PolicyName"),
    "SecurityGroup": ("ec2", "CreateSecurityGroup", "GroupName"),
    "ServerSecret": ("secretsmanager", "CreateSecret", "Name"),
    "Service": ("ecs", "CreateService", "serviceName"),
    "TargetGroup": ("elbv2", "CreateTargetGroup", "Name"),
    "TaskDefinition": ("ecs", "RegisterTaskDefinition", "family"),
    "RotatedLoginSecret": ("secretsmanager", "CreateSecret", "Name"),
}
SAME_NAMES = {"DatabaseLogin", "DatabaseRole", "EarlierPolicies", "StoppedService"}
"""They look at what another object makes, or name what is no object of AWS."""


def faults(made_by: tuple[str, ...], name: str) -> list[str]:
    service, operation, parameter = made_by
    model = botocore.session.get_session().get_service_model(service)
    return refused(model.operation_model(operation), {parameter: name})


def snapshot(whose: Owner, revision: str | None, task: str = "0123456789abcdef") -> str:
    launcher = Launcher(whose, "arn:x/migration:1", "c", (), (), "/aws/ecs/x")
    run = Task(f"arn:x/c/{task}", "", "STOPPED", "", "", None, None, ())
    result = Result("behind", "", "b7e2c1a4d9f3", revision, (), None)
    inspected = InspectionView(runs=(run,), result=result)
    return MigrationSnapshot(launcher, inspected, "arn:x:cluster:c").identifier


@pytest.mark.parametrize("prefix", ["mlflow", "a", "team-of-three-and-twenty-people", LONGEST])
@pytest.mark.parametrize("revision", [None, "", "dc11669786a5", "f" * 32])
def test_given_any_unique_name_then_rds_takes_the_snapshots_name(
    prefix: str, revision: str | None
) -> None:
    name = snapshot(owner(prefix=prefix), revision)
    made_by = ("rds", "CreateDBClusterSnapshot", "DBClusterSnapshotIdentifier")
    assert not faults(made_by, name)
    assert "-before-" in name, "the provider's rights know it by that"


def test_given_a_long_unique_name_then_each_look_and_resource_has_its_own_snapshot() -> None:
    names = {
        snapshot(owner(which, prefix=LONGEST), revision, task)
        for which in ("MLflow", "Other")
        for revision in ("dc11669786a5", "b7e2c1a4d9f3")
        for task in ("0123456789abcdef", "fedcba9876543210")
    }
    assert len(names) == 8


def test_given_a_part_that_is_empty_then_no_two_hyphens_follow_each_other() -> None:
    assert owner().name("", "before", "", "x") == "mlflow-before-x-abcdefghij"
    assert owner().name("") == "mlflow-abcdefghij"


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The names in a whole with the longest UniqueName, by class of object."""
    monkeypatch.setenv("BOUNDARY_ARN", BOUNDARY)
    monkeypatch.setenv("EXECUTION_BOUNDARY_ARN", BOUNDARY)
    properties: Any = {
        "VpcId": "vpc-1",
        "SubnetIds": ["subnet-1", "subnet-2"],
        "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
        "DatabaseRotationSchedule": "rate(30 days)",
        "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:pager",
        "UniqueName": LONGEST,
    }
    graph = mlflow_server._graph(owner(prefix=LONGEST), parse(MLflowProperties, properties))
    found: dict[str, list[str]] = {}
    for managed in (one for one in graph.all() if not isinstance(one, Named)):
        for attribute in ("name", "identifier", "family"):
            with contextlib.suppress(NotKnown):
                name = getattr(managed, attribute, None)
                if isinstance(name, str):
                    found.setdefault(type(managed).__name__, []).append(name)
    return found


def test_given_the_longest_unique_name_then_every_service_takes_every_name(
    named: dict[str, list[str]],
) -> None:
    assert set(named) == set(MADE_BY) | SAME_NAMES
    told = [
        told for kind, by in MADE_BY.items() for name in named[kind] for told in faults(by, name)
    ]
    assert not told
