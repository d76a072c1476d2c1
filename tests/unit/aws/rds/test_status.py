"""How a cluster stands, asked only to word another refusal: no answer hides that one."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.rds.status import GONE, data_api_is_on, status_of_cluster
from tests.support.objects.service_kit import ACCOUNT, boto, owner
from tests.support.objects.two_databases import make_cluster

pytestmark = pytest.mark.usefixtures("aws")

MISSING = f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:gone"


def test_status_of_a_cluster_is_rdss_own_word() -> None:
    arn = make_cluster(owner())
    boto("rds").describe_db_clusters()  # in moto it is being created until it is looked at
    assert status_of_cluster(arn) == "available"
    boto("rds").stop_db_cluster(DBClusterIdentifier=owner().name("database"))
    assert status_of_cluster(arn) == "stopped"


def test_cluster_of_the_same_name_in_another_account_is_not_the_one_asked_for() -> None:
    arn = make_cluster(owner())
    assert status_of_cluster(arn.replace(ACCOUNT, "999999999999")) == GONE
    assert status_of_cluster(MISSING) == GONE


def test_status_that_rds_does_not_tell_is_empty_and_raises_nothing() -> None:
    with Stubber(session.client("rds")) as stub:
        for _ in range(2):
            stub.add_client_error("describe_db_clusters", "AccessDenied", "no")
        assert status_of_cluster(MISSING) == ""
        assert not data_api_is_on(MISSING)


@pytest.mark.parametrize("is_on", [True, False])
def test_data_api_is_on_only_where_rds_says_so(is_on: bool) -> None:
    arn = f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:mlflow"
    found = {"DBClusterArn": arn, "HttpEndpointEnabled": is_on}
    with Stubber(session.client("rds")) as stub:
        stub.add_response("describe_db_clusters", {"DBClusters": [found]})
        assert data_api_is_on(arn) is is_on
