"""Tags as the services write them, and those that are taken off an object."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cfn_mlflow.aws.core.owned_object import tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import USER_KEYS_TAG
from tests.support.objects.service_kit import owner

TAGS = {"team": "a", "empty": ""}


@pytest.mark.parametrize(
    "written",
    [
        tag_list(TAGS),
        [{"Key": "team", "Value": "a"}, {"Key": "empty"}],
        [{"key": "team", "value": "a"}, {"key": "empty"}],
    ],
)
def test_tags_in_any_services_form_are_read_as_the_same_map(
    written: list[dict[str, str]],
) -> None:
    assert tag_map(written) == TAGS


def test_tags_that_were_set_for_the_user_and_are_asked_no_more_are_taken_off() -> None:
    taken: list[list[str]] = []
    whose = owner(user_tags={"team": "a", "cost": "b"})
    take_off(replace(whose, user_tags={"cost": "b"}), {**whose.tags, "theirs": "x"}, taken.append)
    take_off(replace(whose, user_tags={}), {**whose.tags, "theirs": "x"}, taken.append)
    assert [sorted(keys) for keys in taken] == [["team"], [USER_KEYS_TAG, "cost", "team"]]


def test_object_that_has_no_tag_too_many_is_not_asked_to_lose_any() -> None:
    def never(keys: list[str]) -> None:
        raise AssertionError(keys)

    take_off(owner(user_tags={"team": "a"}), {"theirs": "x"}, never)
