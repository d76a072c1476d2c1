"""RDS: the status of a cluster, read when the Data API only says that it is unavailable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.session import client

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

GONE: Final = "gone"


def status_of_cluster(arn: str) -> str:
    """Return a cluster's status as RDS words it, such as `stopped`; `gone` if there is none.

    Empty if RDS does not say. Rests on rds:DescribeDBClusters.
    """
    try:
        found = _cluster(arn)
    except Exception as error:
        return GONE if is_missing(error) else ""
    return str(found["Status"]) if found else GONE


def data_api_is_on(arn: str) -> bool:
    """Return whether RDS says that a cluster's Data API is on; False if it does not say.

    Rests on rds:DescribeDBClusters.
    """
    try:
        found = _cluster(arn)
    except Exception:  # what is asked only to word another refusal better must not hide it
        return False
    return bool(found and found.get("HttpEndpointEnabled"))


def _cluster(arn: str) -> Mapping[str, Any] | None:
    rds: RDSClient = client("rds")
    identifier = arn.rsplit(":", 1)[-1]
    found = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    return next((cluster for cluster in found if cluster["DBClusterArn"] == arn), None)
