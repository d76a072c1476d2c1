"""A cluster as RDS describes it, and its version as numbers."""

from __future__ import annotations

from cfn_mlflow.aws.rds.cluster_view import major, numbers, read_cluster, view_of
from tests.support.beside_moto.aurora import Aurora

MAKING = {
    "DBClusterIdentifier": "mlflow",
    "DBClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    "DbClusterResourceId": "cluster-ABC",
    "Status": "creating",
    "EngineVersion": "17.7",
}


def test_given_a_cluster_that_is_being_made_then_what_rds_leaves_out_is_empty() -> None:
    view = view_of(MAKING)
    assert (view.status, view.endpoint, view.master_secret_arn) == ("creating", "", "")
    assert (view.data_api, view.protected, view.exports_logs) == (False, False, False)
    assert view.zones == view.security_group_ids == frozenset()
    assert view.seconds_until_auto_pause is None
    assert view.pending == ()


def test_given_changes_that_rds_has_begun_then_those_with_a_value_are_pending() -> None:
    changes = {"EngineVersion": "17.9", "StorageType": ""}
    assert view_of({**MAKING, "PendingModifiedValues": changes}).pending == ("EngineVersion",)


def test_given_versions_then_they_compare_by_number_and_not_by_letter() -> None:
    assert numbers("17.10") > numbers("17.9") > numbers("17")
    assert major("9.6") < major("17.7") == 17


def test_given_no_cluster_of_the_name_then_nothing_is_read(aurora: Aurora) -> None:
    assert read_cluster("mlflow-database-abcdefghij") is None
