"""The secrets of the logins, and what is the user's own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret, read_login
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import boto, converge, owner, remove, secret_value

pytestmark = pytest.mark.usefixtures("aws")
NAME = "mlflow-mlflow-app-abcdefghij"


def graph(secret: LoginSecret | None = None) -> Graph:
    made = Graph()
    added = made.add(secret or LoginSecret(owner(), None, "mlflow_app"))
    made.give({"Arn": added.output(lambda view: view.arn)})
    return made


def value(name: str = NAME) -> dict[str, str]:
    return secret_value(name)


def described(name: str = NAME) -> dict[str, Any]:
    return dict(boto("secretsmanager").describe_secret(SecretId=name))


def test_given_none_then_one_is_made_as_the_data_api_takes_it() -> None:
    converge(graph())
    assert value().keys() == {"username", "password"}
    assert value()["username"] == "mlflow_app"
    assert re.fullmatch(r"[A-Za-z0-9]{48}", value()["password"])
    assert {tag["Key"]: tag["Value"] for tag in described()["Tags"]} == owner().tags


def test_given_it_is_there_then_its_password_is_kept_and_nothing_is_read_of_it() -> None:
    converge(graph())
    before = value()
    with watched() as calls:
        converge(graph())
    assert calls.made == ["DescribeSecret"]
    assert value() == before


def test_given_a_function_that_dies_behind_every_write_then_one_secret_is_there() -> None:
    assert dying_behind_every_write(lambda: converge(graph())) == ["CreateSecret"]
    [only] = boto("secretsmanager").list_secrets()["SecretList"]
    assert only["Name"] == NAME


def test_given_another_version_of_ours_then_its_tags_follow() -> None:
    converge(graph())
    newer = owner(user_tags={"team": "a"})
    converge(graph(LoginSecret(newer, None, "mlflow_app")))
    assert {tag["Key"]: tag["Value"] for tag in described()["Tags"]} == newer.tags


def test_given_somebody_deleted_it_then_it_is_restored_with_its_password() -> None:
    converge(graph())
    before = value()
    boto("secretsmanager").delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    converge(graph())
    assert value() == before


def test_given_it_goes_then_for_good_even_out_of_its_recovery_window() -> None:
    converge(graph())
    boto("secretsmanager").delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    remove(graph())
    converge(graph())
    remove(graph())
    assert boto("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"] == []


def test_given_a_strangers_secret_of_that_name_then_it_is_not_touched() -> None:
    boto("secretsmanager").create_secret(Name=NAME, SecretString="theirs")
    with watched() as calls:
        with failing(Reason.OwnershipConflict, match="belongs to somebody else"):
            converge(graph())
        remove(graph())
    assert calls.writes == []
    assert boto("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"] == "theirs"


def test_given_a_login_is_printed_then_its_password_is_not() -> None:
    arn = converge(graph())["Arn"]
    assert read_login(arn).password == value()["password"]
    assert value()["password"] not in repr(read_login(arn))


def test_given_a_deleted_secret_of_the_users_then_refused() -> None:
    tags = [{"Key": "cfn-mlflow:allow", "Value": ""}]
    made = boto("secretsmanager").create_secret(Name="theirs", SecretString="x", Tags=tags)
    boto("secretsmanager").delete_secret(SecretId=made["ARN"], RecoveryWindowInDays=7)
    named = Graph()
    named.add(AllowedSecret(owner(), "PasswordSecretArn", made["ARN"]))
    with pytest.raises(PermanentError, match=r"is deleted\. Restore it"):
        converge(named)
