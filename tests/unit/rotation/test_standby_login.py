"""Who uses a login: while anything does, its password stays."""

from __future__ import annotations

from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.fargate import Fargate
from tests.support.graphs.rotation_kit import (
    SERVICE,
    arn,
    given,
    refused,
    register,
    rotate,
    secret,
    service,
    tags,
)
from tests.support.objects.service_kit import boto

__all__ = ["given", "service"]


def test_given_a_task_that_runs_on_the_standby_login_then_refused(
    service: str, fargate: Fargate
) -> None:
    fargate.looks_to_end = 100
    definition = register(arn("mlflow_app_2"))
    boto("ecs").run_task(cluster=SERVICE, taskDefinition=definition, launchType="FARGATE")
    said = refused("still runs on mlflow_app_2")
    assert f"{SERVICE}:2" in said
    assert "Nothing was changed" in said


def test_given_a_migration_then_refused(service: str, fargate: Fargate) -> None:
    fargate.looks_to_end = 100
    boto("ecs").run_task(
        cluster=SERVICE, taskDefinition=service, launchType="FARGATE", startedBy="cfn-mlflow/a"
    )
    refused("a task of cfn-mlflow is running")


def test_given_a_service_that_stands_still_for_a_migration_then_refused(
    service: str, fargate: Fargate
) -> None:
    fargate.services[SERVICE]["tags"] += tags({"cfn-mlflow:count": "2"})
    refused("service mlflow-abcdefghij is stopped for a migration")


def test_given_a_deployment_under_way_then_refused(service: str, fargate: Fargate) -> None:
    fargate.looks_to_deploy = 1000
    boto("ecs").update_service(
        cluster=SERVICE, service=SERVICE, taskDefinition=register(arn("mlflow_app"))
    )
    refused("a deployment of service mlflow-abcdefghij is under way")


def test_given_a_newer_revision_that_does_not_run_yet_then_refused(service: str) -> None:
    register(arn("mlflow_app"), image="a:2")
    refused(f"service {SERVICE} does not run {SERVICE}:2 yet")


def test_given_a_session_of_the_standby_login_then_refused_until_it_ends(
    service: str, server: PostgresServer
) -> None:
    session = server.connect("mlflow_app_2", secret("mlflow_app_2")["password"], "mlflow")
    with session, session.cursor() as cursor:
        cursor.execute("SET application_name = 'mlflow'")
    refused("mlflow_app_2 still has 1 sessions in the database")
    session.close()
    rotate()


def test_given_sessions_of_the_data_api_then_they_do_not_count(
    service: str, server: PostgresServer
) -> None:
    kept_open = server.connect("mlflow_app_2", secret("mlflow_app_2")["password"], "mlflow")
    rotate()
    kept_open.close()
