"""What load balancers and target groups share: the start of their names, and their tags."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.elbv2.client import set_tags, stem, tags_of
from tests.support.objects.service_kit import boto, owner

LONGEST_NAME = 32
"""Characters of the longest name that Elastic Load Balancing takes."""


@pytest.mark.parametrize("prefix", ["mlflow", "a" * 32])
def test_start_of_a_name_leaves_room_for_what_follows_and_ends_in_the_digest(prefix: str) -> None:
    found = stem(owner(prefix=prefix))
    assert len(f"{found}-123456") <= LONGEST_NAME
    assert found.endswith(f"-{owner().digest}")


def test_tags_are_set_and_those_asked_no_more_go_while_others_stay(vpc: dict[str, Any]) -> None:
    before = owner(user_tags={"team": "a"}).tags
    arn = boto("elbv2").create_target_group(
        Name="group",
        Protocol="HTTP",
        Port=80,
        VpcId=vpc["VpcId"],
        Tags=tag_list({**before, "theirs": "x"}),
    )["TargetGroups"][0]["TargetGroupArn"]
    set_tags(owner(), arn, tags_of(arn))
    assert tags_of(arn) == {**owner().tags, "theirs": "x"}
