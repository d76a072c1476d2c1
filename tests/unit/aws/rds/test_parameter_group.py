"""Subnet and parameter groups of the cluster: what is asked is set, once, whatever the default."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.rds.parameter_group import DBClusterParameterGroup
from cfn_mlflow.engine.graph import Graph
from tests.support.beside_moto import cluster_parameters
from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge, owner

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(autouse=True)
def aurora(monkeypatch: pytest.MonkeyPatch) -> None:
    Aurora().install(monkeypatch)


def parameters(major: str) -> Graph:
    made = Graph()
    made.add(DBClusterParameterGroup(owner(), major))
    return made


def told(major: str) -> dict[str, str]:
    return cluster_parameters.told(f"mlflow-postgresql{major}-abcdefghij")


@pytest.mark.parametrize("major", ["15", "16", "17", "18"])
def test_given_a_major_version_then_no_connection_is_without_tls(major: str) -> None:
    converge(parameters(major))
    assert told(major)["rds.force_ssl"] == "1"


@pytest.mark.parametrize(("major", "updates"), [("16", 1), ("17", 0)])
def test_given_the_default_is_what_is_asked_then_nothing_is_set(major: str, updates: int) -> None:
    with watched() as calls:
        converge(parameters(major))
    assert calls.writes.count("ModifyDBClusterParameterGroup") == updates


@pytest.mark.parametrize("major", ["16", "17"])
def test_given_somebody_let_connections_without_tls_then_the_next_look_forbids_them(
    major: str,
) -> None:
    converge(parameters(major))
    boto("rds").modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=f"mlflow-postgresql{major}-abcdefghij",
        Parameters=[
            {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}
        ],
    )
    converge(parameters(major))
    assert told(major)["rds.force_ssl"] == "1"
    with watched() as calls:
        converge(parameters(major))
    assert calls.writes == []
