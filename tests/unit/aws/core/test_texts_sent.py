"""What the tests' judge of texts refuses: it stands behind each request that a test makes."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from tests.support.objects.aws_texts import DOCUMENTED, has_form, refused


def judged(service: str, operation: str, **params: Any) -> list[str]:
    model = botocore.session.get_session().get_service_model(service)
    return refused(model.operation_model(operation), params)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "CreateSecurityGroup", {"Description": "MLflow's database"}),
        ("ec2", "CreateSecurityGroup", {"GroupName": "sg-team"}),
        ("rds", "CreateDBClusterSnapshot", {"DBClusterSnapshotIdentifier": "a" * 64}),
        ("rds", "CreateDBClusterSnapshot", {"DBClusterSnapshotIdentifier": "mlflow-before--a"}),
        ("rds", "CreateDBCluster", {"DBClusterIdentifier": "mlflow-"}),
        ("elbv2", "CreateLoadBalancer", {"Name": "internal-mlflow"}),
        ("ecs", "RunTask", {"startedBy": "cfn-mlflow:check"}),
        ("iam", "CreateRole", {"Description": "MLflow\u2019s tasks"}),
        ("iam", "CreateRole", {"Tags": [{"Key": "team", "Value": "a;b"}]}),
        ("rds", "CreateDBCluster", {"Tags": [{"Key": "team", "Value": "a;b"}]}),
        ("events", "PutRule", {"Name": "mlflow schema"}),
        ("events", "PutRule", {"Description": "d" * 513}),
        ("logs", "CreateLogGroup", {"logGroupName": "/aws/ecs/mlflow?"}),
        ("logs", "CreateLogGroup", {"tags": {"team": "a;b"}}),
        ("secretsmanager", "CreateSecret", {"Name": "mlflow:server"}),
        ("ecs", "RunTask", {"launchType": "SPOT"}),
    ],
)
def test_a_text_that_aws_refuses_is_refused(
    service: str, operation: str, params: dict[str, Any]
) -> None:
    found = judged(service, operation, **params)
    assert found and all(f".{operation}." in told for told in found)


def test_texts_that_aws_takes_pass() -> None:
    assert not judged(
        "ec2", "CreateSecurityGroup", GroupName="mlflow", Description="The database of MLflow"
    )
    assert not judged("iam", "CreateRole", RoleName="mlflow", Description="The tasks' role")
    assert not judged(
        "application-autoscaling", "PutScalingPolicy", PolicyName="cpu", ResourceId="service/a/b"
    )


def test_a_refused_secret_is_not_told() -> None:
    (found,) = judged("secretsmanager", "CreateSecret", SecretString="")
    assert "from 1 to 65536" in found


def test_a_documented_form_names_a_parameter_and_its_source() -> None:
    assert all(form.source for form in DOCUMENTED.values())
    model = botocore.session.get_session().get_service_model("ec2")
    shape: Any = model.operation_model("CreateSecurityGroup").input_shape
    assert has_form("ec2.CreateSecurityGroup.Description", shape.members["Description"])
    assert not has_form("ec2.CreateSecurityGroup.VpcId", shape.members["VpcId"])
