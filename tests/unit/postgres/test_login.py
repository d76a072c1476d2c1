"""The logins of the database: let in last, never shut out, no password in any log."""

from __future__ import annotations

import json
import re

import psycopg2
import pytest

from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import (
    Properties,
    again,
    asked,
    graph,
    idle_limits,
    login,
    sql,
)
from tests.support.objects.service_kit import converge, secret_value

__all__ = ["asked"]


def test_given_every_statement_is_logged_then_no_password_is_in_the_log(
    asked: Properties, aurora: Aurora
) -> None:
    assert aurora.server is not None
    given = converge(graph(asked))
    logged = aurora.server.log.read_text()
    assert r"ALTER ROLE mlflow_app LOGIN PASSWORD E'SCRAM-SHA-256$4096\x3a" in logged
    for name in ("MasterSecretArn", "ServiceSecretArn", "MigrationSecretArn"):
        assert secret_value(given[name])["password"] not in logged
        assert secret_value(given[name])["password"] not in json.dumps(given)


def test_given_a_new_login_then_it_can_be_used_only_when_all_else_of_it_is_set(
    asked: Properties, aurora: Aurora
) -> None:
    converge(graph(asked))
    about = [text for text in aurora.statements if "ROLE mlflow_migrate" in text]
    assert [re.split(r" E?'", text.split("mlflow_migrate ", 1)[1])[0] for text in about] == [
        "NOLOGIN IN ROLE mlflow_owner",
        "SET role =",
        "IS",
        "LOGIN PASSWORD",
    ]


def test_database_that_pauses_ends_idle_sessions_of_the_service_alone(
    asked: Properties, aurora: Aurora
) -> None:
    converge(graph(asked))
    assert idle_limits(aurora) == {}
    converge(graph(asked, AutoPause="true"))
    assert idle_limits(aurora) == {"mlflow_app": "30s", "mlflow_app_2": "30s"}
    assert again(asked, AutoPause="true").writes == []
    converge(graph(asked, AutoPause="false"))
    assert idle_limits(aurora) == {}


def test_end_of_idle_sessions_that_an_operator_set_stays_where_none_is_asked(
    asked: Properties, aurora: Aurora
) -> None:
    assert aurora.server is not None
    converge(graph(asked))
    with aurora.server.admin("mlflow") as cursor:
        for name in ("mlflow_app", "mlflow_migrate"):
            cursor.execute(f"ALTER ROLE {name} SET idle_session_timeout = '10min'")
    assert again(asked).writes == []
    assert idle_limits(aurora) == {"mlflow_app": "10min", "mlflow_migrate": "10min"}


def test_given_a_session_from_before_it_could_pause_then_it_is_ended_once_it_is_idle(
    asked: Properties, aurora: Aurora
) -> None:
    given = converge(graph(asked))
    idle, busy = (login(aurora, given["ServiceSecretArn"]) for _ in range(2))
    sql(idle, "SELECT 1")
    with busy.cursor() as request:
        request.execute("SELECT 1")
        converge(graph(asked, AutoPause="true"))
        request.execute("SELECT 2")
        assert request.fetchall() == [(2,)], "a request is not cut off"
    with pytest.raises(psycopg2.Error):
        sql(idle, "SELECT 1")


def test_given_a_login_of_an_earlier_release_then_it_is_never_shut_out(
    asked: Properties, aurora: Aurora
) -> None:
    assert aurora.server is not None
    converge(graph(asked))
    with aurora.server.admin("mlflow") as cursor:
        cursor.execute("COMMENT ON ROLE mlflow_app IS NULL")
    aurora.statements.clear()
    converge(graph(asked))
    assert not any("NOLOGIN" in text for text in aurora.statements)
    assert again(asked).writes == []


def test_given_a_login_changed_by_hand_then_it_is_set_from_its_secret(
    asked: Properties, aurora: Aurora
) -> None:
    assert aurora.server is not None
    given = converge(graph(asked))
    before = secret_value(given["ServiceSecretArn"])
    aurora.server.set_password("mlflow_app", "changed by hand")
    with aurora.server.admin("mlflow") as cursor:
        cursor.execute("REVOKE mlflow_owner FROM mlflow_migrate")
        cursor.execute("ALTER ROLE mlflow_migrate RESET role")
    aurora.close_idle_sessions()
    converge(graph(asked))
    assert secret_value(given["ServiceSecretArn"]) == before
    assert sql(login(aurora, given["ServiceSecretArn"]), "SELECT 1") == [(1,)]
    migration = login(aurora, given["MigrationSecretArn"])
    assert sql(migration, "SELECT current_user") == [("mlflow_owner",)]
