"""The steps of a rotation: each is done once, whoever goes on with it."""

from __future__ import annotations

import pytest

from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.fargate import Fargate
from tests.support.graphs.rotation_kit import (
    enters,
    given,
    name,
    passwords,
    rotate,
    runs_on,
    service,
)
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import boto

__all__ = ["given", "service"]

WRITES = [
    *("TagResource", "PutSecretValue"),
    *("ExecuteStatement", "ExecuteStatement", "ExecuteStatement"),
    *("RegisterTaskDefinition", "UpdateService", "TagResource"),
]
"""The writing calls of a rotation, in this order."""


def test_given_a_function_that_dies_behind_every_write_then_one_password_is_made(
    service: str, fargate: Fargate, server: PostgresServer
) -> None:
    versions = boto("secretsmanager").list_secret_version_ids(SecretId=name("mlflow_app_2"))
    before = len(versions["Versions"])
    assert dying_behind_every_write(rotate) == WRITES
    versions = boto("secretsmanager").list_secret_version_ids(
        SecretId=name("mlflow_app_2"), IncludeDeprecated=True
    )
    assert len(versions["Versions"]) == before + 1
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert enters(server, "mlflow_app_2")


@pytest.mark.parametrize("writes", range(1, len(WRITES)))
def test_given_a_rotation_that_was_never_ended_then_the_next_request_ends_it(
    service: str, fargate: Fargate, server: PostgresServer, writes: int
) -> None:
    before = passwords()
    try:
        with watched(last_write=writes):
            rotate("dead")
    except BaseException as error:
        assert type(error).__name__ == "Killed"
    made = passwords()
    assert rotate("next")["Login"] == "mlflow_app_2"
    assert passwords()["mlflow_app"] == before["mlflow_app"]
    if made["mlflow_app_2"] != before["mlflow_app_2"]:
        assert passwords() == made, "the password of the rotation is made once"
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert enters(server, "mlflow_app_2")


def test_given_a_session_of_the_old_password_then_a_rotation_sets_the_new_one(
    given: dict[str, str], server: PostgresServer
) -> None:
    said = len(server.log.read_text())
    assert rotate("r1")["Login"] == "mlflow_app_2"
    logged = server.log.read_text()[said:]
    assert logged.count("ALTER ROLE mlflow_app_2 LOGIN PASSWORD") == 1
    assert "user=mlflow_app_2" not in logged, "the kept session was used again"
    assert enters(server, "mlflow_app_2")
