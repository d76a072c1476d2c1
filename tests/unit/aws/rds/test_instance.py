"""The instances of a cluster: where each is placed, and what is said of one that fails."""

from __future__ import annotations

import pytest
from moto.rds.models import rds_backends

from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from tests.support.graphs.cluster_kit import CLUSTER, aurora, graph, look
from tests.support.objects.service_kit import ACCOUNT, REGION, converge, owner

__all__ = ["aurora"]


@pytest.mark.usefixtures("aurora")
def test_given_an_instance_that_never_serves_then_it_fails_and_names_it() -> None:
    converge(graph())
    asked = Graph()
    asked.add(DBInstance(owner(), 2, CLUSTER, (f"{REGION}a", f"{REGION}b")))
    converge(asked)
    [instance] = rds_backends[ACCOUNT][REGION].databases.values()
    assert instance.availability_zone == f"{REGION}b"
    instance.status = "insufficient-capacity"
    with pytest.raises(PermanentError, match="database instance 2: insufficient-capacity: its"):
        look(asked)
