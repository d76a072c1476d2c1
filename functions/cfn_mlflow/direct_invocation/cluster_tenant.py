"""Acts for the stack that created a cluster, if CloudFormation did not send the event."""

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
from cfn_mlflow.reason import Reason
from cfn_mlflow.reserved_tags import EVERY_STACK

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

NOBODY = Tenant("00000000-0000-0000-0000-000000000000", "0000000000")
"""No stack has this GUID or digest, so it reaches only what is open to everybody."""


def act_for_owner_of(cluster: str) -> Tags:
    """From here on act for the stack that created a cluster; return the cluster's tags.

    `cluster` is its identifier or ARN. The user may have created the cluster. Then the function
    acts for the first stack that the cluster's tag allows. It knows this stack by name alone, so it
    does not reach the stack's own objects. If the tag allows every stack or none, or there is no
    such cluster, it acts for `NOBODY`.

    Rests on rds:DescribeDBClusters by the function's own role. Raises TemporaryError, or
    PermanentError for an ARN of another account or Region.
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
    """Return the name of a stack that may use a cluster; empty if every stack may, or none."""
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
        raise PermanentError(
            Reason.NotFound, f"{cluster} is not a cluster of this account and Region"
        )
    return tag_map(found.get("TagList", []))


def tags_of_secret(arn: str) -> Tags:
    """Return the tags of a secret, none if there is no such secret.

    Rests on secretsmanager:DescribeSecret.

    Raises TemporaryError or PermanentError.
    """
    secrets: SecretsManagerClient = client("secretsmanager")
    try:
        return tag_map(secrets.describe_secret(SecretId=arn).get("Tags", []))
    except Exception as error:
        if is_missing(error):
            return {}
        raise explain(f"secret {arn}", error) from error
