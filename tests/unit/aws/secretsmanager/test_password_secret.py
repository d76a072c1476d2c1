"""The user's own master password: plain text or JSON, any character that RDS takes."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest

from cfn_mlflow.aws.secretsmanager.password_secret import (
    NOT_IN_A_PASSWORD,
    AllowedPasswordSecret,
    MirroredSecret,
)
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from tests.support.beside_moto.stacks import standing
from tests.support.codes import failing
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner, remove, secret_value

pytestmark = pytest.mark.usefixtures("aws")
NAMED_BY = "DatabasePasswordSecretArn"
NAME = "mlflow-mlflow-master-abcdefghij"
ALLOW = [{"Key": "cfn-mlflow:allow", "Value": ""}]
EVERY_CHARACTER = "".join(
    character
    for character in f"{string.punctuation}{string.ascii_letters}{string.digits}"
    if character not in NOT_IN_A_PASSWORD
)


def secret(**value: Any) -> str:
    made = boto("secretsmanager").create_secret(Name="theirs", Tags=ALLOW, **value)
    return str(made["ARN"])


def graph(source: str) -> Graph:
    made = Graph()
    mirror = MirroredSecret(owner(), None, "mlflow_master", source)
    allowed = made.add(AllowedPasswordSecret(owner(), NAMED_BY, source, mirror))
    made.add(mirror, after=(allowed,))
    return made


def mirrored() -> dict[str, str]:
    return secret_value(NAME)


@pytest.mark.parametrize(
    "text",
    [
        "plain-password",
        EVERY_CHARACTER[:41],
        EVERY_CHARACTER[41:82],
        EVERY_CHARACTER[-41:],
        "{not-json}",
        "12345678",
        '{"password": "in-json-1"}',
        '{"username": "mlflow_master", "password": "in-json-1", "engine": "postgres"}',
    ],
)
def test_given_plain_text_or_json_then_its_password_is_mirrored_as_it_is(text: str) -> None:
    converge(graph(secret(SecretString=text)))
    password = "in-json-1" if "in-json" in text else text
    assert mirrored() == {"username": "mlflow_master", "password": password}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"SecretBinary": b"\x00\x01"}, "holds binary data: put the password into it as text"),
        ({"SecretString": '{"user": "a", "pass": "b"}'}, "without a text under password"),
        ({"SecretString": '{"password": 12345678}'}, "without a text under password"),
        (
            {"SecretString": '{"username": "admin", "password": "long-enough"}'},
            "its username must be mlflow_master, or left out",
        ),
        ({"SecretString": "short"}, "has not 8 to 41 characters"),
        ({"SecretString": "x" * 42}, "has not 8 to 41 characters"),
        ({"SecretString": "from-a-file\n"}, "begins or ends with a space or a line break"),
        ({"SecretString": "with/slash"}, "a character that RDS does not take"),
        ({"SecretString": 'with"quote'}, "a character that RDS does not take"),
        ({"SecretString": "with a space"}, 'any printable ASCII but /, ", @ and the space'),
        ({"SecretString": "with@sign-"}, "a character that RDS does not take"),
        ({"SecretString": "p\u00e4ssword"}, "a character that RDS does not take"),
    ],
)
def test_password_that_cannot_be_used_is_refused_by_its_property_without_its_value(
    value: dict[str, Any], reason: str
) -> None:
    source = secret(**value)
    with watched() as calls, failing(Reason.SecretUnusable, match=reason) as refused:
        converge(graph(source))
    assert str(refused.value).startswith(f"DatabasePasswordSecretArn: {source} ")
    assert str(value.get("SecretString", "?")) not in str(refused.value)
    assert calls.writes == []


def test_given_one_that_nobody_allowed_then_it_is_not_even_read() -> None:
    made = boto("secretsmanager").create_secret(Name="theirs", SecretString="long-enough")
    with watched() as calls, pytest.raises(PermanentError, match="is not allowed to be used"):
        converge(graph(made["ARN"]))
    assert "GetSecretValue" not in calls.made


def test_given_the_user_changes_it_then_the_mirror_follows_and_only_then() -> None:
    source = secret(SecretString="the-first-one")
    converge(graph(source))
    with watched() as calls:
        converge(graph(source))
    assert calls.writes == []
    boto("secretsmanager").put_secret_value(SecretId=source, SecretString="the-second-one")
    with watched() as calls:
        converge(graph(source))
    assert calls.writes == ["PutSecretValue"]
    assert mirrored()["password"] == "the-second-one"


def test_given_the_source_is_gone_then_the_mirror_can_still_be_removed() -> None:
    source = secret(SecretString="the-first-one")
    converge(graph(source))
    boto("secretsmanager").delete_secret(SecretId=source, ForceDeleteWithoutRecovery=True)
    remove(graph(source))
    assert boto("secretsmanager").list_secrets()["SecretList"] == []


def test_given_the_database_has_a_password_that_is_refused_today_then_it_goes_on() -> None:
    source = secret(SecretString="x" * 41)
    converge(graph(source))
    put = boto("secretsmanager").put_secret_value
    put(SecretId=source, SecretString="x" * 60)
    put(SecretId=NAME, SecretString=json.dumps({"username": "mlflow_master", "password": "x" * 60}))
    with watched() as calls:
        converge(graph(source))
    assert calls.writes == []


def test_rollback_alone_goes_on_without_a_new_password_that_cannot_be_used() -> None:
    source = secret(SecretString="the-first-one")
    converge(graph(source))
    boto("secretsmanager").put_secret_value(SecretId=source, SecretString="with a space")
    with (
        standing("UPDATE_IN_PROGRESS"),
        failing(Reason.SecretUnusable, match="a character that RDS does not take"),
    ):
        converge(graph(source))
    with standing("UPDATE_ROLLBACK_IN_PROGRESS"), watched() as calls:
        converge(graph(source))
    assert calls.writes == []
    assert mirrored()["password"] == "the-first-one"
