"""What the service needs of database and bucket: values, or outputs of who makes them."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.iam.role import Role
from cfn_mlflow.engine.output import NotKnown
from cfn_mlflow.types.service.wiring import Wiring
from tests.support.objects.service_kit import BOUNDARY, owner

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-AbCdEf"


def wiring(**more: Any) -> Wiring:
    given: dict[str, Any] = {
        "database_endpoint": "db.example.com",
        "database_port": "5432",
        "database_name": "mlflow",
        "service_secret_arn": SECRET,
        "migration_secret_arn": SECRET,
        "login_secret_arns": (SECRET,),
        "client_security_group_id": "sg-1",
        "cluster_arn": "",
        "max_connections": 189,
        "asked_connections": 189,
        "bucket_id": "bucket",
        "path": "/",
        "key_arn": "",
    }
    return Wiring(**{**given, **more})


def test_wiring_without_a_cluster_has_no_data_api() -> None:
    assert not wiring().has_data_api
    assert wiring(cluster_arn="arn:aws:rds:eu-west-1:123456789012:cluster:mlflow").has_data_api


def test_wiring_of_values_is_whole_at_once() -> None:
    assert wiring().whole.value == wiring()


def test_wiring_is_whole_only_when_each_thing_that_it_names_is_there() -> None:
    made = Role(owner(), "task", "", {}, BOUNDARY)
    for field in ("bucket_id", "cluster_arn"):
        whole = wiring(**{field: made.output(lambda view: view.arn)}).whole
        assert whole.sources == (made,)
        with pytest.raises(NotKnown):
            _ = whole.value
