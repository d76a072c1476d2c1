"""ECS: what its objects share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfn_mlflow.aws.core.owned_object import take_off
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.session import client

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient


def ecs() -> ECSClient:
    """Return the client."""
    made: ECSClient = client("ecs")
    return made


def ecs_tags(tags: Tags) -> Any:
    """Return tags as ECS writes them: a list of key and value in lower case."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def set_tags(owner: Owner, arn: str, found: Tags, more: Tags | None = None) -> None:
    """Set the owner's tags, those no longer asked taken off (ecs:UntagResource, TagResource)."""
    take_off(owner, found, lambda keys: ecs().untag_resource(resourceArn=arn, tagKeys=keys))
    ecs().tag_resource(resourceArn=arn, tags=ecs_tags({**owner.tags, **(more or {})}))
