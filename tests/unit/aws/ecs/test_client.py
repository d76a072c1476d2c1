"""The tags of ECS's objects, in the form that ECS alone has."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.ecs.client import ecs_tags, set_tags
from tests.support.objects.service_kit import boto, owner


@pytest.mark.usefixtures("aws")
def test_tags_are_set_and_those_asked_no_more_go_while_others_stay() -> None:
    before = owner(user_tags={"team": "a"}).tags
    made = boto("ecs").create_cluster(clusterName="c", tags=ecs_tags({**before, "theirs": "x"}))[
        "cluster"
    ]["clusterArn"]
    set_tags(owner(), made, before, {"cfn-mlflow:count": "2"})
    found = tag_map(boto("ecs").list_tags_for_resource(resourceArn=made)["tags"])
    assert found == {**owner().tags, "theirs": "x", "cfn-mlflow:count": "2"}
