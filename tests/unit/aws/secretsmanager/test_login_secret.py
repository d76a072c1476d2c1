"""The secret of a login: made once, in the form that the Data API takes."""

from __future__ import annotations

import json

import pytest

from cfn_mlflow.aws.secretsmanager.login_secret import Login, LoginSecret, read_login
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.service_kit import boto, converge, owner
from tests.support.properties import named_things as things


def graph_of() -> Graph:
    graph = Graph()
    secret = graph.add(LoginSecret(owner(), None, "mlflow_app"))
    graph.give({"Arn": secret.output(lambda view: view.arn)})
    return graph


@pytest.mark.usefixtures("aws")
def test_password_is_made_once_and_kept_by_a_second_time() -> None:
    arn = converge(graph_of())["Arn"]
    first = read_login(arn)
    assert (first.username, len(first.password)) == ("mlflow_app", 48)
    converge(graph_of())
    assert read_login(arn) == first
    found = boto("secretsmanager").describe_secret(SecretId=arn)
    assert found["Name"] == "mlflow-mlflow-app-abcdefghij"


@pytest.mark.usefixtures("aws")
def test_login_is_read_from_a_secret_that_holds_more_than_a_login() -> None:
    value = json.dumps({"username": "a", "password": "b", "engine": "postgres"})
    assert read_login(things.secret("theirs", value=value)) == Login("a", "b")


def test_password_is_not_in_the_text_of_a_login() -> None:
    assert "hunter2" not in repr(Login("mlflow_app", "hunter2"))
