"""A rotation gives the standby login a password and moves the service, whatever happens between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.reason import Reason
from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.fargate import Fargate
from tests.support.codes import failing
from tests.support.graphs.rotation_kit import (
    CLUSTER,
    FUNCTION,
    LOGINS,
    SERVICE,
    age_rotations,
    arn,
    asked_for,
    attributes,
    enters,
    finish,
    given,
    name,
    passwords,
    rotate,
    runs_on,
    service,
)
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, owner
from tests.support.objects.two_databases import make_rule

__all__ = ["given", "service"]


def test_given_a_service_then_it_moves_to_the_standby_login_with_a_new_password(
    service: str, fargate: Fargate, server: PostgresServer
) -> None:
    before = passwords()
    assert rotate() == {"Login": "mlflow_app_2", "SecretArn": arn("mlflow_app_2")}
    after = passwords()
    assert after["mlflow_app"] == before["mlflow_app"]
    assert after["mlflow_app_2"] != before["mlflow_app_2"]
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert all(enters(server, login) for login in LOGINS)


def test_given_the_next_request_then_the_other_login_is_rotated(
    service: str, fargate: Fargate
) -> None:
    rotate("r1")
    age_rotations()
    before = passwords()
    assert rotate("r2")["Login"] == "mlflow_app"
    assert passwords()["mlflow_app"] != before["mlflow_app"]
    assert passwords()["mlflow_app_2"] == before["mlflow_app_2"]
    assert runs_on(fargate) == ["mlflow_app"]


def test_given_the_same_request_again_then_it_answers_the_same_and_writes_nothing(
    service: str,
) -> None:
    first = rotate("r1")
    with watched() as calls:
        assert rotate("r1") == first
    assert calls.writes == []


def test_event_of_the_rule_that_comes_again_under_another_id_writes_nothing(
    service: str,
) -> None:
    first = rotate("r1", BySchedule=True)
    with watched() as calls:
        again = rotate("r2", BySchedule=True)
    assert calls.writes == []
    assert {key: again[key] for key in first} == first
    assert again["NotRepeatedAfter"]


def test_second_request_by_hand_at_once_is_told_when_the_last_one_ended(
    service: str,
) -> None:
    first = rotate("r1")
    with watched() as calls:
        again = rotate("r2")
    assert calls.writes == []
    assert again["Login"] == first["Login"]
    assert again["NotRepeatedAfter"] > "2020"
    age_rotations()
    assert rotate("r2")["Login"] == "mlflow_app"


def test_given_the_event_of_a_rule_without_a_role_then_the_login_is_rotated(
    service: str, fargate: Fargate
) -> None:
    event = {"DatabaseClusterId": CLUSTER, "BySchedule": True}
    with failing(Reason.CallerRefused, match="only CloudFormation is served here"):
        asked_for(event, "r1", by=FUNCTION).step()
    make_rule(owner(), "rotation", "Rotation", event)
    assert finish(asked_for(event, "r1", by=FUNCTION))["Login"] == "mlflow_app_2"
    assert runs_on(fargate) == ["mlflow_app_2"]


def test_event_of_the_rule_rotates_again_long_after_the_last_rotation(
    service: str, fargate: Fargate
) -> None:
    rotate("r1", BySchedule=True)
    state = {"Key": "cfn-mlflow:turn", "Value": "since 2020-01-01T00:00:00Z r1"}
    boto("secretsmanager").tag_resource(SecretId=name("mlflow_app_2"), Tags=[state])
    assert rotate("r2", BySchedule=True)["Login"] == "mlflow_app"
    assert runs_on(fargate) == ["mlflow_app"]


def test_database_gives_the_new_login_after_a_rotation_and_an_update_changes_nothing(
    service: str, vpc: dict[str, Any]
) -> None:
    rotate()
    asked = {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"], "InstanceCount": "1"}
    with watched() as calls:
        assert attributes(asked)["ServiceSecretArn"] == arn("mlflow_app_2")
    assert calls.writes == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            ({}, Reason.InvalidRequest),
            ({"DatabaseClusterId": "orders"}, Reason.InvalidRequest),
            ({"DatabaseClusterId": ["a"]}, Reason.InvalidRequest),
            ({"DatabaseClusterId": "mlflow-database-zzzzzzzzzz"}, Reason.NotFound),
        ],
    )
    def test_given_an_event_that_names_no_database_of_ours_then_refused(
        self, aws: None, event: dict[str, Any], reason: Reason
    ) -> None:
        with failing(reason, match="DatabaseClusterId: "):
            asked_for(event, "r1").step()

    def test_given_a_database_that_was_never_completed_then_refused(
        self, given: dict[str, str]
    ) -> None:
        boto("rds").remove_tags_from_resource(
            ResourceName=given["ClusterArn"], TagKeys=["cfn-mlflow:complete"]
        )
        with watched() as calls, failing(Reason.DatabaseIncomplete, match="is not complete"):
            rotate("r1")
        assert calls.writes == []


def test_given_a_database_that_pauses_then_a_rotation_keeps_the_end_of_idle_sessions(
    given: dict[str, str], server: PostgresServer
) -> None:
    boto("rds").modify_db_cluster(
        DBClusterIdentifier=CLUSTER,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2},
    )
    rotate("r1")
    with server.admin("mlflow") as cursor:
        cursor.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'mlflow_app_2'")
        assert cursor.fetchone() == (["idle_session_timeout=30s"],)


def test_given_no_service_then_the_tag_tells_which_login_is_rotated(
    given: dict[str, str], server: PostgresServer
) -> None:
    assert rotate("r1")["Login"] == "mlflow_app_2"
    age_rotations()
    assert rotate("r2")["Login"] == "mlflow_app"
    assert all(enters(server, login) for login in LOGINS)


def test_service_that_is_not_on_the_active_login_has_the_other_one_rotated(
    service: str, fargate: Fargate
) -> None:
    rotate("r1")
    newer = fargate.services[SERVICE]["taskDefinition"]
    boto("ecs").update_service(cluster=SERVICE, service=SERVICE, taskDefinition=service)
    boto("ecs").deregister_task_definition(taskDefinition=newer)
    for _ in range(3):
        boto("ecs").describe_services(cluster=SERVICE, services=[SERVICE])
    before = passwords()
    age_rotations()
    assert rotate("r2")["Login"] == "mlflow_app_2"
    assert passwords()["mlflow_app"] == before["mlflow_app"], "what runs is not touched"
    assert runs_on(fargate) == ["mlflow_app_2"]


def test_password_of_the_master_that_rds_rotated_changes_nothing_for_a_rotation(
    given: dict[str, str], service: str, fargate: Fargate, server: PostgresServer
) -> None:
    before = passwords()
    master = "another of the master's"
    server.set_password("mlflow_master", master)
    boto("secretsmanager").put_secret_value(
        SecretId=given["MasterSecretArn"],
        SecretString=json.dumps({"username": "mlflow_master", "password": master}),
    )
    assert passwords() == before
    assert all(enters(server, login) for login in LOGINS)
    rotate()
    assert runs_on(fargate) == ["mlflow_app_2"]


def test_given_a_rotation_then_no_password_is_in_sql_or_in_the_servers_log(
    service: str, server: PostgresServer
) -> None:
    rotate()
    logged = server.log.read_text()
    assert "ALTER ROLE mlflow_app_2 LOGIN PASSWORD E'SCRAM-SHA-256$" in logged
    assert not [login for login, password in passwords().items() if password in logged]
