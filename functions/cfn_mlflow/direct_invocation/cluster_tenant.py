"""For whom a database is looked after beside CloudFormation: the stack that made its cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cfn_mlflow.aws.core.errors import explain, is_missing
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.owner import ALLOW_TAG, Tags
from cfn_mlflow.aws.core.session import Tenant, act_for, client, own_client
from cfn_mlflow.aws.core.sharers import stack_of
from cfn_mlflow.aws.core.sharing import allows_everybody_unsaid, named_in
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reserved_tags import EVERY_STACK

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

NOBODY = Tenant("00000000-0000-0000-0000-000000000000", "0000000000")
"""No stack has this GUID, and no name ends in this digest: it reaches what is open to everybody."""


def act_for_owner_of(cluster: str) -> Tags:
    """From here on act for the stack that made a cluster, given by its identifier or ARN.

    Return the cluster's tags. A cluster of the user's is looked after for the first stack that its
    tag allows it to, by name alone: so the stack's own objects are not reached. One that is allowed
    to every stack, to none, or not there, is looked after for nobody. Rests on
    rds:DescribeDBClusters by the function's own role. Raises TemporaryError or PermanentError.
    """
    identifier = cluster.rsplit(":", 1)[-1]
    tags = _tags(cluster, identifier)
    stack = stack_of(tags)
    if stack:
        act_for(Tenant(stack, identifier.rsplit("-", 1)[-1]))
    else:
        act_for(replace(NOBODY, stack_name=_allowed_to(tags)))
    return tags


def _allowed_to(tags: Tags) -> str:
    """Return a stack that may use a cluster; empty if every stack may, or none."""
    if allows_everybody_unsaid(tags):
        return ""
    return min(named_in(tags.get(ALLOW_TAG, "")) - {EVERY_STACK}, default="")


def _tags(cluster: str, identifier: str) -> Tags:
    rds: RDSClient = own_client("rds")
    try:
        [found] = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    except Exception as error:
        if is_missing(error):
            return {}
        raise explain(f"database {identifier}", error) from error
    if cluster not in (identifier, found["DBClusterArn"]):
        raise PermanentError(f"{cluster} is not a cluster of this account and Region")
    return tag_map(found.get("TagList", []))


def tags_of_secret(arn: str) -> Tags:
    """Return the tags of a secret, none if it is not there (secretsmanager:DescribeSecret).

    Raises TemporaryError or PermanentError.
    """
    secrets: SecretsManagerClient = client("secretsmanager")
    try:
        return tag_map(secrets.describe_secret(SecretId=arn).get("Tags", []))
    except Exception as error:
        if is_missing(error):
            return {}
        raise explain(f"secret {arn}", error) from error
