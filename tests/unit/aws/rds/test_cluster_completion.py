"""The protection of a complete cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import (
    CLUSTER,
    Properties,
    again,
    cluster,
    graph,
)
from tests.support.objects.service_kit import boto, converge


@pytest.fixture
def asked(aurora: Aurora, vpc: dict[str, Any]) -> Properties:
    """The required properties."""
    return {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"]}


def test_given_protection_switched_off_then_it_is_switched_on(asked: Properties) -> None:
    converge(graph(asked))
    boto("rds").modify_db_cluster(DBClusterIdentifier=CLUSTER, DeletionProtection=False)
    assert "ModifyDBCluster" in again(asked).writes
    assert cluster()["DeletionProtection"] is True
