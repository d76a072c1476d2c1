"""RDS: how a cluster stands, asked where the Data API only says that it cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cfn_mlflow.aws.errors import is_missing
from cfn_mlflow.aws.session import client

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

GONE: Final = "gone"


def status_of_cluster(arn: str) -> str:
    """Return a cluster's status as RDS words it, such as `stopped`; `gone` if there is none.

    Empty if RDS does not say. Rests on rds:DescribeDBClusters.
    """
    rds: RDSClient = client("rds")
    identifier = arn.rsplit(":", 1)[-1]
    try:
        found = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    except Exception as error:
        return GONE if is_missing(error) else ""
    return next((cluster["Status"] for cluster in found if cluster["DBClusterArn"] == arn), GONE)
