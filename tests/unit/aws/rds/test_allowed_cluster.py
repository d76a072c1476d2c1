"""A cluster that a property names, its endpoint and its login."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.rds.allowed_cluster import AllowedCluster, AllowedClusterAt, AllowedLogin
from tests.support.objects.service_kit import ACCOUNT, STACK, owner
from tests.support.properties import named_things as things
from tests.support.properties.refusals import VICTIM, faults

pytestmark = pytest.mark.usefixtures("aws")
OWN = {"cfn-mlflow:owner": f"{STACK.rpartition('/')[2]}/Database"}
OTHER = {"cfn-mlflow:owner": f"{STACK.rpartition('/')[2]}/Other"}


def test_cluster_of_that_name_in_another_account_is_not_taken_for_the_one_named() -> None:
    arn = things.cluster("mlflow").replace(ACCOUNT, "999999999999")
    [fault] = faults(AllowedCluster(owner(), "ClusterArn", arn))
    assert fault == f"ClusterArn: {arn} is not of this account and Region"


@pytest.mark.parametrize("upper", [False, True])
def test_endpoint_of_the_cluster_that_is_named_is_taken(upper: bool) -> None:
    arn, host = things.cluster("mlflow"), things.endpoint("mlflow")
    assert faults(_at(arn, host.upper() if upper else host)) == ()


def test_host_that_is_no_endpoint_of_the_cluster_is_refused() -> None:
    arn, host = things.cluster("mlflow"), things.endpoint("mlflow")
    assert faults(_at(arn, "database.attacker.example")) == (
        f"DatabaseEndpoint: database.attacker.example is no endpoint of {arn}. Name "
        f"{host.lower()}, then deploy again",
    )


def test_endpoint_of_a_cluster_that_is_refused_is_no_second_fault() -> None:
    [fault] = faults(_at(things.cluster("mlflow", VICTIM), "database.attacker.example"))
    assert fault.startswith("DatabaseClusterArn: ")


def _at(arn: str, host: str) -> AllowedClusterAt:
    return AllowedClusterAt(
        owner(), "DatabaseClusterArn", arn, endpoint_property="DatabaseEndpoint", endpoint=host
    )


OF_ANOTHER_BY_RDS = {
    "aws:rds:primaryDBClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:another",
    "cfn-mlflow:allow": "team",
}


@pytest.mark.parametrize(
    ("of_cluster", "of_secret", "passes"),
    [
        (OWN, OWN, True),
        (OWN, OTHER, False),
        ({"cfn-mlflow:allow": "team"}, OWN, False),
        (OWN, {"cfn-mlflow:allow": "team"}, True),
        ({"cfn-mlflow:allow": "team"}, {"cfn-mlflow:allow": "@all"}, True),
        (OWN, OF_ANOTHER_BY_RDS, False),
    ],
)
def test_login_that_the_provider_or_rds_made_goes_with_its_own_cluster_only(
    of_cluster: dict[str, str], of_secret: dict[str, str], passes: bool
) -> None:
    cluster = AllowedCluster(owner(), "ClusterArn", things.cluster("mlflow", of_cluster))
    found = faults(AllowedLogin(owner(), "SecretArn", things.secret("login", of_secret), cluster))
    assert (found == ()) == passes
    assert all("are not of one database" in fault for fault in found)
