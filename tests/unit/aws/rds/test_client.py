"""What all objects of RDS share: the words of a status, instances, tags, the name of the log."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.rds.client import DatabaseLogGroup, instances_of, set_tags, state_of, tags_of
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.service_kit import boto, owner
from tests.support.objects.two_databases import OTHERS, make_cluster


def test_status_that_passes_is_told_in_words_and_available_is_no_status() -> None:
    assert state_of("database cluster", "available") is None
    assert state_of("database cluster", "backing-up") == "backing up"


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("stopped", Reason.DatabaseStopped, "somebody stopped it: start it in RDS"),
        *(
            (f"inaccessible-encryption-credentials{end}", Reason.KeyUnusable, "its KMS key is")
            for end in ("", "-recoverable")
        ),
        ("insufficient-capacity", Reason.NoCapacity, "name other subnets"),
        ("incompatible-network", Reason.DatabaseFailed, "a subnet has no free address"),
        ("storage-full", Reason.DatabaseFailed, "look at its events in RDS"),
    ],
)
def test_status_that_never_passes_fails_with_its_code_and_what_to_do(
    status: str, reason: Reason, words: str
) -> None:
    with failing(reason, f"^instance: {status}: .*{words}") as raised:
        state_of("instance", status)
    assert str(raised.value).endswith(", then deploy again")


@pytest.mark.usefixtures("aws")
def test_instances_are_those_of_the_cluster_that_is_asked_alone() -> None:
    for whose in (owner(), OTHERS):
        make_cluster(whose)
        boto("rds").create_db_instance(
            DBInstanceIdentifier=whose.name("database", "1"),
            DBClusterIdentifier=whose.name("database"),
            DBInstanceClass="db.serverless",
            Engine="aurora-postgresql",
        )
    found = instances_of(owner().name("database"))
    assert [one["DBInstanceIdentifier"] for one in found] == ["mlflow-database-1-abcdefghij"]


@pytest.mark.usefixtures("aws")
def test_tags_are_set_and_those_asked_no_more_go_while_others_stay() -> None:
    before = owner(user_tags={"team": "a"})
    arn = make_cluster(before, theirs="x")
    set_tags(owner(), arn, tags_of(arn))
    assert tags_of(arn) == {**owner().tags, "cfn-mlflow:complete": "true", "theirs": "x"}


def test_log_group_has_the_name_under_which_rds_writes() -> None:
    made = DatabaseLogGroup(owner(), 30, "mlflow-database-abcdefghij")
    assert made.name == "/aws/rds/cluster/mlflow-database-abcdefghij/postgresql"
