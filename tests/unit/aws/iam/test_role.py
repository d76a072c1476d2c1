"""The tasks' roles."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend

from cfn_mlflow.aws.core.owned_object import tag_list, tag_map
from cfn_mlflow.aws.core.owner import USER_KEYS_TAG
from cfn_mlflow.aws.iam.role import POLICY_NAME, EarlierPolicies, Policy, Role
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import (
    BOUNDARY,
    EXECUTION_BOUNDARY,
    boto,
    converge,
    owner,
    remove,
)


def allowing(action: str) -> Policy:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def tags_of(role: str) -> dict[str, str]:
    return tag_map(boto("iam").get_role(RoleName=role)["Role"]["Tags"])


READ = allowing("s3:GetObject")
NAME = "mlflow-task-abcdefghij"


def graph_of(policy: Policy = READ, boundary: str = BOUNDARY, **more: Any) -> Graph:
    graph = Graph()
    graph.add(Role(owner(**more), "task", "of a test", policy, boundary))
    return graph


def test_given_no_role_then_one_within_its_boundary_that_only_our_tasks_take(aws: None) -> None:
    converge(graph_of())
    role = boto("iam").get_role(RoleName=NAME)["Role"]
    assert role["Path"] == "/cfn-mlflow/"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert tags_of(NAME) == {
        "cfn-mlflow:owner": owner().tag,
        "cfn-mlflow:version": "0.1.0",
        "cfn-mlflow:stack": "11111111-2222-3333-4444-555555555555",
        "cfn-mlflow:stack-name": "team",
    }


def test_given_tags_of_the_users_then_the_role_carries_none_of_them(aws: None) -> None:
    """Whoever takes the role acts with its tags, and policies of the account may believe them."""
    converge(graph_of(user_tags={"team": "finance"}))
    assert "team" not in tags_of(NAME)
    assert not [key for key in tags_of(NAME) if key == USER_KEYS_TAG]


def test_given_a_role_of_an_earlier_version_then_it_gets_its_stack_and_its_boundary(
    aws: None,
) -> None:
    """It carries the user's tags, no stack, and the boundary that both roles had."""
    iam = boto("iam")
    theirs = owner(user_tags={"team": "finance"})
    iam.create_role(
        RoleName=NAME,
        Path="/cfn-mlflow/",
        AssumeRolePolicyDocument=json.dumps(Role(owner(), "task", "", READ, BOUNDARY).trust),
        PermissionsBoundary=BOUNDARY,
        Tags=tag_list({**theirs.tags, "cost-center": "of another hand"}),
    )
    converge(graph_of(boundary=EXECUTION_BOUNDARY, user_tags={"team": "finance"}))
    role = iam.get_role(RoleName=NAME)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == EXECUTION_BOUNDARY
    tags = tags_of(NAME)
    assert tags["cfn-mlflow:stack"] == owner().stack_guid
    assert tags["cost-center"] == "of another hand"
    assert not {"team", USER_KEYS_TAG} & set(tags)
    with watched() as calls:
        converge(graph_of(boundary=EXECUTION_BOUNDARY, user_tags={"team": "finance"}))
    assert calls.writes == []


def test_given_a_role_of_an_earlier_version_then_it_is_deleted(aws: None) -> None:
    boto("iam").create_role(
        RoleName=NAME, AssumeRolePolicyDocument="{}", Tags=tag_list(owner().tags)
    )
    remove(graph_of())
    with pytest.raises(boto("iam").exceptions.NoSuchEntityException):
        boto("iam").get_role(RoleName=NAME)


def test_given_another_boundary_then_it_is_set_before_the_tags_that_it_compares(
    aws: None,
) -> None:
    converge(graph_of())
    boto("iam").untag_role(RoleName=NAME, TagKeys=["cfn-mlflow:stack"])
    with watched() as calls:
        converge(graph_of(boundary=EXECUTION_BOUNDARY))
    assert calls.writes == ["PutRolePermissionsBoundary", "TagRole"]


def test_given_the_same_policy_written_otherwise_then_nothing_is_written(aws: None) -> None:
    converge(graph_of())
    boto("iam").put_role_policy(
        RoleName=NAME, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(READ, indent=4)
    )
    with watched() as calls:
        converge(graph_of())
    assert calls.writes == []


def test_given_changes_by_another_hand_then_all_is_as_asked_again(aws: None) -> None:
    converge(graph_of())
    iam = boto("iam")
    wider = json.dumps(READ).replace("s3:GetObject", "s3:*")
    iam.put_role_policy(RoleName=NAME, PolicyName=POLICY_NAME, PolicyDocument=wider)
    trust = json.dumps(Role(owner(), "task", "", READ, BOUNDARY).trust)
    others = trust.replace("ecs-tasks.amazonaws.com", "ec2.amazonaws.com")
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=others)
    iam.put_role_permissions_boundary(
        RoleName=NAME, PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    converge(graph_of())
    role = iam.get_role(RoleName=NAME)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    [trusted] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    found = iam.get_role_policy(RoleName=NAME, PolicyName=POLICY_NAME)["PolicyDocument"]
    assert found == READ


def test_given_another_policy_then_the_earlier_ones_hold_until_they_are_not_needed(
    aws: None,
) -> None:
    iam = boto("iam")
    policies = [READ, *(allowing(action) for action in ("s3:PutObject", "s3:DeleteObject"))]
    for policy in policies:
        converge(graph_of(policy))
    names = iam.list_role_policies(RoleName=NAME)["PolicyNames"]
    documents = [
        iam.get_role_policy(RoleName=NAME, PolicyName=name)["PolicyDocument"] for name in names
    ]
    assert all(policy in documents for policy in policies)
    graph = graph_of(policies[-1])
    graph.without(EarlierPolicies(owner(), "task", fallback_at="f4a9b2c7d1e6"))
    converge(graph)
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == names, "one may need them"
    graph = graph_of(policies[-1])
    graph.without(EarlierPolicies(owner(), "task"))
    converge(graph)
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == [POLICY_NAME]


def test_given_no_room_for_an_earlier_policy_then_the_new_one_holds_alone(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = IAMBackend.put_role_policy

    def put_within_a_limit(backend: IAMBackend, role: str, name: str, document: str) -> None:
        others = backend.get_role(role).policies.keys() - {name}
        if others:
            raise LimitExceededException("Maximum policy size exceeded")
        put(backend, role, name, document)

    converge(graph_of())
    monkeypatch.setattr(IAMBackend, "put_role_policy", put_within_a_limit)
    converge(graph_of(allowing("s3:PutObject")))
    iam = boto("iam")
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == [POLICY_NAME]
    found = iam.get_role_policy(RoleName=NAME, PolicyName=POLICY_NAME)["PolicyDocument"]
    assert found == allowing("s3:PutObject")


def test_given_a_policy_of_another_hand_then_the_role_still_goes(aws: None) -> None:
    converge(graph_of())
    iam = boto("iam")
    iam.put_role_policy(RoleName=NAME, PolicyName="theirs", PolicyDocument=json.dumps(READ))
    remove(graph_of())
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=NAME)


def test_given_a_role_of_somebody_else_then_it_is_neither_changed_nor_removed(aws: None) -> None:
    iam = boto("iam")
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument="{}")
    with failing(Reason.OwnershipConflict, match="belongs to somebody else"):
        converge(graph_of())
    remove(graph_of())
    assert "Tags" not in iam.get_role(RoleName=NAME)["Role"]
