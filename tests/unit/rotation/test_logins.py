"""Which of two logins is active, and how a service finds it by the ARN of either secret."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.aws.secretsmanager.secret import SecretView
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.rotation.logins import (
    ActiveLogin,
    ActiveLoginView,
    RotatedLoginSecret,
    RotationState,
    active,
    request_as_tag,
    rotation_state_of,
)
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner
from tests.support.properties import named_things as things
from tests.support.properties.refusals import VICTIM

LOGINS = ("mlflow_app", "mlflow_app_2")
EARLIER, LATER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def view(login: str, state: str = "") -> SecretView:
    return SecretView(login, login, deleted=False, tags={"cfn-mlflow:turn": state} if state else {})


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", "first"),
        ("", "begun r1", "first"),
        ("", f"since {LATER} r1", "second"),
        (f"since {LATER} r2", f"since {EARLIER} r1", "first"),
        ("begun r2", f"since {EARLIER} r1", "second"),
        (f"since {EARLIER} r2", "begun r3", "first"),
        ("begun r1", "", "second"),
        ("nonsense", "", "first"),
    ],
)
def test_given_the_tags_of_two_secrets_then_one_login_is_active(
    first: str, second: str, expected: str
) -> None:
    assert active(view("first", first), view("second", second)).arn == expected


@pytest.mark.parametrize("state", [RotationState("r1"), RotationState("r1", LATER)])
def test_given_the_state_of_a_rotation_then_its_tag_reads_back_equal(state: RotationState) -> None:
    assert rotation_state_of({"cfn-mlflow:turn": state.tag}) == state


def test_given_any_request_then_its_id_fits_a_tag() -> None:
    assert request_as_tag("6f1c-a b\n<x>" + "y" * 300) == ("6f1c-a-b--x-" + "y" * 300)[:100]


@pytest.mark.usefixtures("aws")
class TestActiveLogin:
    @pytest.fixture
    def arns(self, aws: None) -> dict[str, str]:
        del aws
        made = Graph()
        for login, other in (LOGINS, LOGINS[::-1]):
            made.add(RotatedLoginSecret(owner(), None, login, other))
        converge(made)
        return {login: self.arn(login) for login in LOGINS}

    def arn(self, login: str) -> str:
        name = f"mlflow-{login.replace('_', '-')}-abcdefghij"
        return str(boto("secretsmanager").describe_secret(SecretId=name)["ARN"])

    def tag(self, arn: str, **tags: str) -> None:
        listed = [{"Key": f"cfn-mlflow:{key}", "Value": value} for key, value in tags.items()]
        boto("secretsmanager").tag_resource(SecretId=arn, Tags=listed)

    @pytest.mark.parametrize("told", LOGINS)
    @pytest.mark.parametrize("active_one", LOGINS)
    def test_given_either_arn_then_the_active_login_and_both_secrets(
        self, arns: dict[str, str], told: str, active_one: str
    ) -> None:
        self.tag(arns[active_one], turn=f"since {LATER} r1")
        expected = ActiveLoginView(arns[active_one], tuple(sorted(arns.values())))
        assert ActiveLogin(owner(), arns[told]).observe().view == expected

    def test_given_a_secret_that_names_no_other_then_itself(self, aws: None) -> None:
        made: Any = boto("secretsmanager").create_secret(Name="theirs", SecretString="x")
        assert ActiveLogin(owner(), made["ARN"]).observe().view == ActiveLoginView(
            made["ARN"], (made["ARN"],)
        )

    def test_given_a_secret_that_is_not_there_then_itself(self, aws: None) -> None:
        arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone-AbCdEf"
        assert ActiveLogin(owner(), arn).observe().view == ActiveLoginView(arn, (arn,))

    def test_given_another_owners_secret_as_the_other_login_then_it_is_not_used(
        self, arns: dict[str, str]
    ) -> None:
        made: Any = boto("secretsmanager").create_secret(Name="theirs", SecretString="x")
        self.tag(made["ARN"], **{"turns-with": "mlflow-mlflow-app-abcdefghij", "owner": "x/Other"})
        self.tag(arns["mlflow_app"], turn=f"since {LATER} r1")
        assert ActiveLogin(owner(), made["ARN"]).observe().view == ActiveLoginView(
            made["ARN"], (made["ARN"],)
        )

    def test_given_a_login_secret_of_an_older_version_then_it_gets_the_other_ones_name(
        self, aws: None
    ) -> None:
        older = Graph()
        older.add(LoginSecret(owner(), None, "mlflow_app"))
        converge(older)
        newer = Graph()
        newer.add(RotatedLoginSecret(owner(), None, "mlflow_app", "mlflow_app_2"))
        with watched() as calls:
            converge(newer)
        assert calls.writes == ["TagResource"]


pytestmark = pytest.mark.usefixtures("aws")


def test_twin_of_an_allowed_login_is_not_taken_from_another_team() -> None:
    victims = things.secret("victims", VICTIM)
    forged = {**VICTIM, "cfn-mlflow:turns-with": "victims", "cfn-mlflow:allow": "team"}
    named = things.secret("named", forged)
    boto("secretsmanager").tag_resource(
        SecretId=victims, Tags=things.listed({"cfn-mlflow:turn": "since 2026-01-01T00:00:00Z r"})
    )
    assert ActiveLogin(owner(), named).observe().view.all_arns == (named,)
