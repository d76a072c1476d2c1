"""Whether a stack may use what one of its properties names, by that thing's tags."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cfn_mlflow.aws.core.owner import Owner, listing
from cfn_mlflow.aws.core.sharing import (
    allows_everybody_unsaid,
    is_own,
    lists,
    one_owner,
    refusal,
    two_databases,
)
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason

GUID, OTHER_GUID = "0b8c2f10-0000-4000-8000-000000000001", "0b8c2f10-0000-4000-8000-000000000002"
STACK_ID = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/team-b/{GUID}"
TEAM_B = Owner("cfn-mlflow", STACK_ID, "MLflow", "abcdefghij", "0.2.0")

OWN = {"cfn-mlflow:owner": f"{GUID}/Database"}
NESTED = "team-b-Tracking-1A2B3C4D5E6F"
"""As CloudFormation names a nested stack."""
FOREIGN = {"cfn-mlflow:owner": f"{OTHER_GUID}/Database"}


@pytest.mark.parametrize(
    "tags",
    [
        OWN,
        {**FOREIGN, "cfn-mlflow:shared-with": "team-b"},
        {**FOREIGN, "cfn-mlflow:shared-with": "team-a team-b team-c"},
        {**FOREIGN, "cfn-mlflow:shared-with": "@all"},
        {"cfn-mlflow:allow": "team-b"},
        {"cfn-mlflow:allow": "team-a  team-b"},
        {"cfn-mlflow:allow": "@all"},
        {**FOREIGN, "cfn-mlflow:allow": "team-b"},
    ],
    ids=str,
)
def test_thing_that_is_own_or_shared_or_allowed_is_not_refused(tags: dict[str, str]) -> None:
    assert refusal(TEAM_B, tags) is None
    assert not allows_everybody_unsaid(tags)


@pytest.mark.parametrize("value", ["", "yes", "true"])
def test_value_of_allow_that_the_docs_once_asked_for_allows_everybody(value: str) -> None:
    tags = {"cfn-mlflow:allow": value}

    assert refusal(TEAM_B, tags) is None
    assert allows_everybody_unsaid(tags)


@pytest.mark.parametrize(
    "tags",
    [
        FOREIGN,
        {"cfn-mlflow:owner": f"{GUID}"},
        {"cfn-mlflow:owner": f"{GUID}1/Database"},
        {"cfn-mlflow:owner": ""},
        {**FOREIGN, "cfn-mlflow:shared-with": ""},
        {**FOREIGN, "cfn-mlflow:shared-with": "team-b-2"},
        {**FOREIGN, "cfn-mlflow:shared-with": "a-team-b"},
        {**FOREIGN, "cfn-mlflow:shared-with": "Team-B"},
        {**FOREIGN, "cfn-mlflow:shared-with": "*"},
        {**FOREIGN, "cfn-mlflow:allow": "team-a"},
    ],
    ids=str,
)
def test_thing_of_another_stack_is_refused_with_the_way_to_share_it(tags: dict[str, str]) -> None:
    assert refusal(TEAM_B, tags) == Cause(
        Reason.NotShared,
        "belongs to another stack, which does not share it. Name team-b in the property "
        "SharedWithStacks there, deploy that stack, then this one again",
    )


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"cfn-mlflow:shared-with": "@all"},
        {"cfn-mlflow:left-by": f"{GUID}/Database"},
        {"cfn-mlflow:allow": "team-a"},
        {"cfn-mlflow:allow": "no"},
        {"cfn-mlflow:allow": "Yes"},
        {"cfn-mlflow:allow": "*"},
        {"cfn-mlflow:Allow": "@all"},
    ],
    ids=str,
)
def test_thing_of_the_users_is_refused_with_the_tag_that_allows_it(tags: dict[str, str]) -> None:
    assert refusal(TEAM_B, tags) == Cause(
        Reason.NotAllowed,
        "is not allowed to be used by this stack. Give it the tag cfn-mlflow:allow with the value "
        "team-b, then deploy again",
    )


def test_nested_stack_is_known_by_its_own_name_and_not_by_its_roots() -> None:
    nested = replace(TEAM_B, stack_id=STACK_ID.replace("/team-b/", f"/{NESTED}/"))

    assert refusal(nested, {**FOREIGN, "cfn-mlflow:shared-with": NESTED}) is None
    assert refusal(nested, {"cfn-mlflow:allow": NESTED}) is None
    assert refusal(nested, {**FOREIGN, "cfn-mlflow:shared-with": "team-b"}) == Cause(
        Reason.NotShared,
        f"belongs to another stack, which does not share it. Name {NESTED} in the property "
        "SharedWithStacks there, deploy that stack, then this one again",
    )
    assert f"the value {NESTED}" in str(refusal(nested, {"cfn-mlflow:allow": "team-b"}))


def test_listing_of_stacks_is_sorted_and_read_back() -> None:
    value = listing(["team-c", "team-b", "team-c"])

    assert value == "team-b team-c"
    assert lists(value, ["team-b"])
    assert not lists(value, ["team"])
    assert not lists(None, ["team-b"])


def test_two_things_are_of_one_owner_only_if_the_provider_made_both() -> None:
    assert one_owner(OWN, OWN)
    assert not one_owner(OWN, FOREIGN)
    assert not one_owner(OWN, {"cfn-mlflow:owner": f"{GUID}/Other"})
    assert not one_owner({}, {})
    assert not one_owner(OWN, {})


def test_object_made_before_counts_as_own_by_its_owner_tag_alone() -> None:
    assert is_own(TEAM_B, {"cfn-mlflow:owner": TEAM_B.tag})
    assert TEAM_B.stack_name == "team-b"
    assert TEAM_B.stack_guid == GUID


CLUSTER, SECRET = "arn:aws:rds:eu-west-1:1:cluster:mlflow", "arn:aws:secretsmanager:::secret:x"
BY_RDS = "aws:rds:primaryDBClusterArn"
OTHER = {"cfn-mlflow:owner": f"{GUID}/Other"}


@pytest.mark.parametrize(
    ("secret", "cluster", "one"),
    [
        (OWN, OWN, True),
        (OWN, OTHER, False),
        (OWN, FOREIGN, False),
        (OWN, {}, False),
        ({}, OWN, True),
        ({"cfn-mlflow:allow": "team"}, FOREIGN, True),
        ({BY_RDS: CLUSTER}, OWN, True),
        ({BY_RDS: CLUSTER.replace("mlflow", "MLflow")}, {}, True),
        ({BY_RDS: CLUSTER + "-2"}, OWN, False),
        ({BY_RDS: CLUSTER + "-2", "cfn-mlflow:allow": "team"}, {}, False),
        ({**OWN, BY_RDS: CLUSTER + "-2"}, OWN, False),
    ],
)
def test_a_secret_goes_with_its_own_cluster_and_a_users_own_with_any(
    secret: dict[str, str], cluster: dict[str, str], one: bool
) -> None:
    said = two_databases((SECRET, secret), (CLUSTER, cluster))
    assert ("are not of one database. Name a cluster and a secret of the same" in said) != one
    assert bool(said) != one
