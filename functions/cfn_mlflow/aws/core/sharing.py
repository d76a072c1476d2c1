"""Decide whether a stack may use an object that one of its properties names.

Three tags decide: the owner's, `cfn-mlflow:shared-with` on what the provider made, and
`cfn-mlflow:allow` on what is the user's own. The last two list stacks by their names.
"""

from __future__ import annotations

from collections.abc import Iterable

from cfn_mlflow.aws.core.owner import ALLOW_TAG, OWNER_TAG, SHARED_TAG, Owner, Tags
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason
from cfn_mlflow.reserved_tags import EVERY_STACK

EVERYBODY_UNTIL_0_3_0 = ("", "yes", "true")
"""Values of `cfn-mlflow:allow` that stand for every stack, as 0.1 asked for: kept until 0.3.0."""

RDS_CLUSTER_TAG = "aws:rds:primaryDBClusterArn"
"""Of which cluster a secret is that RDS keeps: RDS sets the tag, and nobody else can."""


def named_in(value: str) -> frozenset[str]:
    """Return the stacks that the value of a tag lists."""
    return frozenset(value.split())


def is_own(owner: Owner, tags: Tags) -> bool:
    """Return whether a thing with these tags was made for the same stack."""
    return tags.get(OWNER_TAG, "").startswith(f"{owner.stack_guid}/")


def lists(value: str | None, stacks: Iterable[str]) -> bool:
    """Return whether the value of a tag lists one of these stacks, or every stack."""
    return value is not None and not named_in(value).isdisjoint({EVERY_STACK, *stacks})


def allows_everybody_unsaid(tags: Tags) -> bool:
    """Return whether a thing is allowed to every stack by a value that does not say so."""
    return tags.get(ALLOW_TAG) in EVERYBODY_UNTIL_0_3_0


def one_owner(first: Tags, second: Tags) -> bool:
    """Return whether the provider made both things, and for one resource."""
    return OWNER_TAG in first and first[OWNER_TAG] == second.get(OWNER_TAG)


def two_databases(secret: tuple[str, Tags], cluster: tuple[str, Tags]) -> str:
    """Return why a secret does not go with a cluster; empty if it does. Each is its ARN and tags.

    A secret that the provider made goes with the cluster of the same resource alone. One that RDS
    keeps goes with the cluster that it names. A user's own goes with any.
    """
    (secret_arn, of_secret), (cluster_arn, of_cluster) = secret, cluster
    of_rds = of_secret.get(RDS_CLUSTER_TAG, cluster_arn).lower()
    ours = OWNER_TAG in of_secret
    if of_rds == cluster_arn.lower() and (not ours or one_owner(of_secret, of_cluster)):
        return ""
    return (
        f"{secret_arn} and {cluster_arn} are not of one database. Name a cluster and a secret of"
        f" the same resource"
    )


def refusal(owner: Owner, tags: Tags) -> Cause | None:
    """Return why the owner's stack may not use a thing with these tags; None if it may.

    The text follows the name of the object in a reason, and ends with the next step.
    """
    shared = OWNER_TAG in tags and lists(tags.get(SHARED_TAG), [owner.stack_name])
    allowed = lists(tags.get(ALLOW_TAG), [owner.stack_name]) or allows_everybody_unsaid(tags)
    if is_own(owner, tags) or shared or allowed:
        return None
    if OWNER_TAG in tags:
        return Cause(
            Reason.NotShared,
            f"belongs to another stack, which does not share it. Name {owner.stack_name} in the "
            f"property SharedWithStacks there, deploy that stack, then this one again",
        )
    return Cause(
        Reason.NotAllowed,
        f"is not allowed to be used by this stack. Give it the tag {ALLOW_TAG} with the value "
        f"{owner.stack_name}, then deploy again",
    )
