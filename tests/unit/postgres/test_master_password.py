"""The master's password where it is the user's own."""

from __future__ import annotations

import pytest

from cfn_mlflow.outcome import PermanentError
from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import (
    NOTHING,
    Properties,
    again,
    asked,
    cluster,
    everything,
    graph,
    login,
    sql,
)
from tests.support.objects.service_kit import boto, converge, remove, secret_value

__all__ = ["asked"]


class TestTheUsersPassword:
    @pytest.fixture
    def kept(self, asked: Properties) -> str:
        """The ARN of a secret of the user's."""
        made = boto("secretsmanager").create_secret(
            Name="theirs",
            SecretString="first-password-of-mine",
            Tags=[{"Key": "cfn-mlflow:allow", "Value": "yes"}],
        )
        return str(made["ARN"])

    def test_given_a_plain_string_then_it_is_mirrored_as_the_data_api_takes_it(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert "MasterUserSecret" not in cluster()
        assert secret_value(given["MasterSecretArn"]) == {
            "username": "mlflow_master",
            "password": "first-password-of-mine",
        }
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]
        assert again(asked, PasswordSecretArn=kept).writes == []

    def test_given_the_user_changed_it_then_the_master_has_the_new_one(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        boto("secretsmanager").put_secret_value(SecretId=kept, SecretString="second-password")
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert secret_value(given["MasterSecretArn"])["password"] == "second-password"
        # The session that the Data API kept from the first password proves nothing.
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]

    def test_given_a_complete_cluster_on_which_nobody_noted_it_then_the_new_one_is_set(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        boto("rds").remove_tags_from_resource(
            ResourceName=cluster()["DBClusterArn"], TagKeys=["cfn-mlflow:master-password"]
        )
        boto("secretsmanager").put_secret_value(SecretId=kept, SecretString="second-password")
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]

    def test_given_a_new_one_that_is_not_in_effect_yet_then_it_is_waited_for(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        boto("secretsmanager").put_secret_value(SecretId=kept, SecretString="second-password")
        aurora.looks_to_change_password = 5
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert not cluster()["PendingModifiedValues"]
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]

    def test_given_it_is_left_to_rds_then_and_back_then_the_master_follows(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        given = converge(graph(asked))
        assert cluster()["MasterUserSecret"]["SecretArn"] == given["MasterSecretArn"]
        assert "mlflow-mlflow-master-abcdefghij" not in everything()["secrets"]
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert "MasterUserSecret" not in cluster()
        assert secret_value(given["MasterSecretArn"])["password"] == "first-password-of-mine"

    def test_given_it_goes_then_the_users_secret_stays_and_the_mirror_goes(
        self, asked: Properties, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        remove(graph(asked, PasswordSecretArn=kept, SkipFinalSnapshot="true"))
        assert everything() == {**NOTHING, "secrets": ["theirs"]}

    def test_given_a_secret_nobody_allowed_then_refused_before_anything(
        self, asked: Properties, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = boto("secretsmanager").create_secret(Name="other", SecretString="not-for-you")
        with pytest.raises(PermanentError, match=f"PasswordSecretArn: {made['ARN']} is not"):
            converge(graph(asked, PasswordSecretArn=made["ARN"]))
        assert everything() == {**NOTHING, "secrets": ["other"]}
        monkeypatch.setenv("ALLOWED_SECRET_ARNS", made["ARN"])
        converge(graph(asked, PasswordSecretArn=made["ARN"]))
