"""For whom a database is looked after beside CloudFormation: the stack that made its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_mlflow.aws.errors import explain, is_missing
from cfn_mlflow.aws.object import tag_map
from cfn_mlflow.aws.owner import OWNER_TAG
from cfn_mlflow.aws.session import Tenant, act_for, own_client

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient

NOBODY = Tenant("00000000-0000-0000-0000-000000000000", "0000000000")
"""No stack has this GUID, and no name ends in this digest: it reaches what is open to everybody."""


def act_for_owner_of(cluster: str) -> None:
    """From here on act for the stack that made a cluster, given by its identifier or ARN.

    A cluster that is not ours, or not there, has no such stack: then it is acted for nobody, who
    reaches what is allowed to everybody. Rests on rds:DescribeDBClusters by the function's own
    role. Raises TemporaryError or PermanentError.
    """
    identifier = cluster.rsplit(":", 1)[-1]
    stack, _, _ = _owner_tag(identifier).partition("/")
    act_for(Tenant(stack, identifier.rsplit("-", 1)[-1]) if stack else NOBODY)


def _owner_tag(identifier: str) -> str:
    rds: RDSClient = own_client("rds")
    try:
        found = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    except Exception as error:
        if is_missing(error):
            return ""
        raise explain(f"database {identifier}", error) from error
    return tag_map(found[0].get("TagList", [])).get(OWNER_TAG, "")
