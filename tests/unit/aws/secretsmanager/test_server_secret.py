"""MLflow's own keys: made once, kept, and left for the snapshots of what they open."""

from __future__ import annotations

import base64
import logging
import re
from typing import Any

import pytest

from cfn_mlflow.aws.secretsmanager.server_secret import CompleteServerSecret, ServerSecret
from cfn_mlflow.engine.graph import Graph
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import boto, converge, owner, remove, secret_value

pytestmark = pytest.mark.usefixtures("aws")
NAME = "mlflow-server-abcdefghij"


def graph(*, complete: bool = True, **more: Any) -> Graph:
    made = Graph()
    secret = made.add(ServerSecret(owner(**more), None))
    arn = secret.output(lambda view: view.arn)
    made.give({"Arn": arn})
    if complete:
        made.add(CompleteServerSecret(owner(**more), arn))
    return made


def value() -> dict[str, str]:
    return secret_value(NAME)


def tags() -> dict[str, str]:
    found = boto("secretsmanager").describe_secret(SecretId=NAME)
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def names() -> list[str]:
    return [each["Name"] for each in boto("secretsmanager").list_secrets()["SecretList"]]


def test_given_none_then_one_is_made_with_each_key_in_the_form_that_mlflow_takes() -> None:
    converge(graph())
    made = value()
    assert len(base64.urlsafe_b64decode(made.pop("webhook_key"))) == 32, "a Fernet key"
    assert made.pop("admin_username") == "admin"
    assert made.keys() == {"kek_passphrase", "flask_key", "admin_password"}
    assert all(re.fullmatch(r"[A-Za-z0-9]{48}", text) for text in made.values())
    assert len(set(made.values())) == 3


def test_given_it_is_there_then_it_is_kept_and_nothing_is_read_of_it() -> None:
    converge(graph())
    before = value()
    with watched() as calls:
        converge(graph())
    assert set(calls.made) == {"DescribeSecret"}
    assert value() == before


def test_given_a_function_that_dies_behind_every_write_then_one_secret_is_there() -> None:
    writes = dying_behind_every_write(lambda: converge(graph()))
    assert writes == ["CreateSecret", "TagResource"]
    assert names() == [NAME]


def test_given_a_create_that_never_completed_then_nothing_is_left() -> None:
    converge(graph(complete=False))
    remove(graph())
    assert names() == []


def test_given_a_create_that_completed_then_the_secret_is_left_and_named_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    converge(graph())
    before = value()
    with caplog.at_level(logging.WARNING, "cfn-mlflow"):
        writes = dying_behind_every_write(lambda: remove(graph()))
    assert writes == ["TagResource", "UntagResource"]
    assert NAME in caplog.text
    assert value() == before
    assert tags()["cfn-mlflow:left-by"] == owner().tag
    assert not {"cfn-mlflow:owner", "cfn-mlflow:complete"} & tags().keys()


def test_given_it_was_left_then_another_removal_changes_nothing() -> None:
    converge(graph())
    remove(graph())
    with watched() as calls:
        remove(graph())
    assert calls.writes == []


def test_given_the_same_resource_comes_back_then_it_takes_its_keys_up_again() -> None:
    converge(graph())
    before = value()
    remove(graph())
    converge(graph())
    assert value() == before
    assert tags()["cfn-mlflow:owner"] == owner().tag


def test_given_keys_taken_up_by_a_create_that_fails_then_they_are_left_again() -> None:
    converge(graph())
    remove(graph())
    converge(graph(complete=False))
    remove(graph())
    assert names() == [NAME]
    assert "cfn-mlflow:owner" not in tags()


def test_given_another_resource_left_it_then_it_is_not_taken() -> None:
    boto("secretsmanager").create_secret(
        Name=NAME, SecretString="theirs", Tags=[{"Key": "cfn-mlflow:left-by", "Value": "x/Other"}]
    )
    with watched() as calls:
        with pytest.raises(Exception, match="belongs to somebody else"):
            converge(graph())
        remove(graph())
    assert calls.writes == []
