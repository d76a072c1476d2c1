"""Elastic Load Balancing: the client, and what load balancers and target groups share.

Scheme and VPC cannot change in place, so they are in the names of load balancer and target group.
After a change a new pair is made beside the old one. The old one is removed once the new one is
ready.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_mlflow.aws.core.owned_object import tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.session import client

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client


def elbv2() -> ElasticLoadBalancingv2Client:
    """Return the client."""
    made: ElasticLoadBalancingv2Client = client("elbv2")
    return made


def stem(owner: Owner) -> str:
    """Return the start of all names of an owner; six characters and a hyphen may follow."""
    return owner.name(limit=25)


def tags_of(arn: str) -> Tags:
    """Return an object's tags (elasticloadbalancing:DescribeTags)."""
    described = elbv2().describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return tag_map(described[0].get("Tags", [])) if described else {}


def set_tags(owner: Owner, arn: str, found: Tags) -> None:
    """Set the owner's tags, those no longer asked taken off.

    Rests on elasticloadbalancing:AddTags, RemoveTags.
    """
    take_off(owner, found, lambda keys: elbv2().remove_tags(ResourceArns=[arn], TagKeys=keys))
    elbv2().add_tags(ResourceArns=[arn], Tags=tag_list(owner.tags))
