"""The subnets of a database: all of one VPC."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.reason import Reason
from tests.support.beside_moto.aurora import Aurora
from tests.support.codes import failing
from tests.support.objects.database_kit import Properties, graph
from tests.support.objects.service_kit import boto, converge


@pytest.fixture
def asked(aurora: Aurora, vpc: dict[str, Any]) -> Properties:
    """The required properties."""
    return {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"]}


def test_given_subnets_of_another_vpc_then_the_failure_says_so(asked: Properties) -> None:
    other = boto("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    with failing(Reason.SubnetsOutsideVpc, match="the database's subnets lie in vpc-"):
        converge(graph(asked, VpcId=other))
