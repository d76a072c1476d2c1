"""Who reaches the database: its clients alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import (
    Properties,
    graph,
    group,
)
from tests.support.objects.service_kit import converge


@pytest.fixture
def asked(aurora: Aurora, vpc: dict[str, Any]) -> Properties:
    """The required properties."""
    return {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"]}


def test_given_the_required_properties_then_only_the_client_group_comes_in(
    asked: Properties,
) -> None:
    given = converge(graph(asked))
    database = group(given["SecurityGroupId"])
    client = group(given["ClientSecurityGroupId"])
    [way_in] = database["IpPermissions"]
    assert (way_in["FromPort"], way_in["ToPort"]) == (5432, 5432)
    assert [pair["GroupId"] for pair in way_in["UserIdGroupPairs"]] == [client["GroupId"]]
    assert way_in["IpRanges"] == way_in["Ipv6Ranges"] == []
    assert database["IpPermissionsEgress"] == client["IpPermissions"] == []
    [way_out] = client["IpPermissionsEgress"]
    assert [pair["GroupId"] for pair in way_out["UserIdGroupPairs"]] == [database["GroupId"]]
