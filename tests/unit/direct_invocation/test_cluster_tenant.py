"""For which stack a function acts, if CloudFormation did not send the event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.core.session import Tenant, own_client
from cfn_mlflow.direct_invocation.cluster_tenant import NOBODY, act_for_owner_of
from cfn_mlflow.outcome import PermanentError, TemporaryError
from tests.support.objects.service_kit import boto, owner

NAME = "mlflow-database-abcdefghij"


def acted_for() -> Tenant:
    assert session._Now.working
    return session._Now.working.tenant


def cluster(tags: dict[str, str]) -> str:
    made = boto("rds").create_db_cluster(
        DBClusterIdentifier=NAME,
        Engine="aurora-postgresql",
        MasterUsername="mlflow_master",
        MasterUserPassword="a-password-of-a-test",
        Tags=tag_list(tags),
    )
    return str(made["DBCluster"]["DBClusterArn"])


@pytest.fixture
def rds(aws: None) -> Iterator[Stubber]:
    with Stubber(own_client("rds")) as stubber:
        yield stubber


def test_a_cluster_of_a_stack_is_looked_after_for_that_stack(aws: None) -> None:
    arn = cluster(owner().tags)
    for named in (NAME, arn):
        session.act_for(NOBODY)
        act_for_owner_of(named)
        assert acted_for() == Tenant("11111111-2222-3333-4444-555555555555", "abcdefghij")


@pytest.mark.parametrize(
    ("allow", "name"),
    [
        (None, ""),
        ("", ""),
        ("yes", ""),
        ("@all", ""),
        ("team-b", "team-b"),
        ("team-c team-b", "team-b"),
        ("team-c @all", "team-c"),
    ],
)
def test_a_cluster_of_the_users_is_looked_after_for_a_stack_that_it_is_allowed_to(
    aws: None, allow: str | None, name: str
) -> None:
    """A tenant known by name alone: none of the stack's objects has its GUID or digest."""
    act_for_owner_of(cluster({} if allow is None else {"cfn-mlflow:allow": allow}))
    assert acted_for() == replace(NOBODY, stack_name=name)


def test_a_cluster_that_is_not_there_is_looked_after_for_nobody(aws: None) -> None:
    act_for_owner_of(NAME)
    assert acted_for() == NOBODY


@pytest.mark.parametrize(
    ("code", "error"), [("Throttling", TemporaryError), ("AccessDenied", PermanentError)]
)
def test_where_rds_does_not_tell_nobody_is_acted_for_anew(
    rds: Stubber, code: str, error: type[Exception]
) -> None:
    before = acted_for()
    for _ in range(3):
        rds.add_client_error("describe_db_clusters", code)
    with pytest.raises(error):
        act_for_owner_of(NAME)
    assert acted_for() is before
