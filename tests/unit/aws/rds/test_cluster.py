"""The states of a cluster: which pass, which end badly, and what is waited for."""

from __future__ import annotations

from typing import Any

import pytest
from moto.rds.models import DBCluster as MotoCluster
from moto.rds.models import RDSBackend, rds_backends

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.rds.cluster_view import cluster_identifier, major, view_of
from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.patience import UPDATES_THAT_HELP
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import Done, PermanentError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.beside_moto.aurora import Aurora
from tests.support.codes import failing
from tests.support.graphs.cluster_kit import CLUSTER, aurora, cluster, graph, look
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import ACCOUNT, REGION, boto, converge, owner, remove

__all__ = ["aurora"]

PASSES = ("backing-up", "modifying", "upgrading", "maintenance", "resetting-master-credentials")
ENDS_BADLY = {
    "failed": Reason.DatabaseFailed,
    "incompatible-network": Reason.DatabaseFailed,
    "inaccessible-encryption-credentials": Reason.KeyUnusable,
    "stopped": Reason.DatabaseStopped,
}


def moto() -> MotoCluster:
    [found] = rds_backends[ACCOUNT][REGION].clusters.values()
    return found


def test_given_a_new_cluster_then_it_is_waited_for_in_words(aurora: Aurora) -> None:
    aurora.looks_to_serve = 3
    assert look(graph()) == Waiting({"database cluster": "creating"})
    converge(graph())
    assert look(graph()) == Done({})


@pytest.mark.parametrize("status", PASSES)
@pytest.mark.usefixtures("aurora")
def test_given_a_state_that_passes_then_it_is_waited_for_and_nothing_is_changed(
    status: str,
) -> None:
    converge(graph())
    moto().status = status
    with watched() as calls:
        outcome = look(graph(max_capacity=8.0))
    assert outcome == Waiting({"database cluster": status.replace("-", " ")})
    assert calls.writes == []


@pytest.mark.parametrize("status", ENDS_BADLY)
@pytest.mark.usefixtures("aurora")
def test_given_a_state_that_never_passes_then_it_fails_at_once_and_says_what_to_do(
    status: str,
) -> None:
    converge(graph())
    moto().status = status
    with pytest.raises(PermanentError, match=rf"{status}: .*, then deploy again") as raised:
        look(graph())
    assert raised.value.reason is ENDS_BADLY[status]


@pytest.mark.parametrize("status", ENDS_BADLY)
@pytest.mark.usefixtures("aurora")
def test_given_a_state_that_never_passes_then_a_removal_is_not_held_up(status: str) -> None:
    converge(graph())
    moto().status = status
    remove(graph())
    assert boto("rds").describe_db_clusters()["DBClusters"] == []


@pytest.mark.usefixtures("aurora")
def test_given_a_cluster_that_is_being_deleted_then_no_second_deletion_is_asked() -> None:
    converge(graph())
    moto().status = "deleting"
    with watched() as calls:
        outcome = Removal(graph(), explain).step()
    assert outcome == Waiting({"database cluster": "deleting"})
    assert calls.writes == []


@pytest.mark.usefixtures("aurora")
def test_given_aws_is_slow_to_show_a_change_then_it_is_not_asked_again_at_every_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    converge(graph())
    monkeypatch.setattr(RDSBackend, "modify_db_cluster", lambda backend, _: moto())
    convergence = Convergence(graph(max_capacity=8.0), explain)
    with watched() as calls:
        for _ in range(14):
            assert convergence.step() == Waiting({"database cluster": "updating capacity"})
    assert calls.writes == ["ModifyDBCluster"] * 4
    with failing(Reason.ChangeNotTaken, match=f"not as asked after {UPDATES_THAT_HELP} updates"):
        for _ in range(50):
            convergence.step()


def answer(**more: Any) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": CLUSTER,
        "DBClusterArn": "arn",
        "DbClusterResourceId": "cluster-X",
        "Status": "available",
        "EngineVersion": "17.7",
        **more,
    }


def test_given_aws_has_not_changed_all_yet_then_that_is_waited_for() -> None:
    view = view_of(answer(PendingModifiedValues={"EngineVersion": "17.9", "StorageType": ""}))
    assert cluster().compare(Observation(view)).busy == "changing EngineVersion"


def test_given_rds_makes_the_master_secret_then_it_is_waited_for() -> None:
    to_come = Observation(view_of(answer()))
    assert cluster().compare(to_come).not_ready == "making the master secret"
    made = Observation(view_of(answer(MasterUserSecret={"SecretArn": "arn"})))
    assert cluster().compare(made).not_ready == ""
    assert cluster(password_secret_arn="arn").compare(to_come).not_ready == ""


@pytest.mark.parametrize(
    ("asked", "found", "differs"),
    [
        ("17.7", "17.7", False),
        ("17", "17.7", False),
        ("17.7", "17.10", False),
        ("17.10", "17.7", True),
        ("16.9", "17.4", False),
    ],
)
def test_given_versions_then_only_a_higher_one_is_a_change(
    asked: str, found: str, *, differs: bool
) -> None:
    compared = cluster(engine_version=asked).compare(
        Observation(view_of(answer(EngineVersion=found)))
    )
    assert ("engine version" in compared.differs) is differs


def test_given_versions_then_the_major_one_is_the_first_number() -> None:
    assert (major("17"), major("17.7"), major("9.6.1")) == (17, 17, 9)


def test_given_the_longest_name_then_identifiers_are_within_what_rds_takes() -> None:
    whose = owner(prefix="a" * 32)
    assert len(cluster_identifier(whose)) <= 63
    assert len(DBInstance(whose, 16).identifier) <= 63
