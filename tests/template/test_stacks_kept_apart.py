"""Given the policies as deployed, then IAM alone keeps each stack from what is another's.

An evaluator that is none of ours decides each request: every action that a policy allows, in a
session of one stack, on every object of another that the action knows, whatever else it tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.core.session import NO_STACKS_NAME
from cfn_mlflow.aws.s3.bucket_policy import BucketPolicy
from cfn_mlflow.direct_invocation.cluster_tenant import NOBODY
from tests.support.template.deployed_policies import (
    ACCOUNT,
    REGION,
    actions_of,
    resolved,
)
from tests.support.template.objects_of_stacks import (
    FRIEND,
    USERS_OWN,
    A,
    B,
    Stack,
    Thing,
    allowed_for,
    arn,
    made_for,
)
from tests.support.template.policy_judge import Request, allowed, known, of_task
from tests.support.template.provider_template import WORKING, every_statement, roles_of
from tests.template.test_calls_made import CALLS_MADE, caller, iam_actions

Reached = set[tuple[str, str, str]]
"""Role, action and ARN of each object that is reached."""
Reasons = dict[tuple[str, str], str]

# An evaluator of IAM policies judges some thousand requests: 20 seconds of a processor.
pytestmark = pytest.mark.scanners

WORK_ROLES = [f"{function}WorkRole" for function in WORKING]
BOUNDARIES = {name: resolved({"Ref": name}) for name in ("TaskBoundary", "ExecutionBoundary")}
TARGET = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:cfn-mlflow-Rotation:operator"

PLACE = r"\$\{[^}]*\}"
LOOKS = {
    "application-autoscaling:ListTagsForResource",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTagsForResource",
    "rds:DescribeDBClusterParameterGroups",
    "rds:DescribeDBClusterParameters",
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
    "rds:ListTagsForResource",
    "s3:GetBucketTagging",
    "secretsmanager:DescribeSecret",
    "ssm:GetParameter",
    "ssm:ListTagsForResource",
}
"""What tells that an object is there, its settings and its tags, and nothing that it holds.

Whether a name is free, and whose a named object is, only such a look can tell.
"""
MADE_ANEW = "it is asked within the call that makes the group, and that one is never there already"
FOLLOWED = "a reservation whose holder is gone is followed, and IAM cannot tell that it is gone"
OF_RDS = "RDS makes and tags a master's secret by itself; what it tells IAM of it is on no page"
SOURCES = "a clone is in the groups of its source, of which nothing changes"
CANNOT_TELL: dict[tuple[str, str], str] = {
    ("ec2:CreateSecurityGroup", "security-group/"): MADE_ANEW,
    ("ec2:CreateTags", "security-group/"): MADE_ANEW,
    ("rds:RestoreDBClusterToPointInTime", "cluster-pg:"): SOURCES,
    ("rds:RestoreDBClusterToPointInTime", "subgrp:"): SOURCES,
    ("secretsmanager:CreateSecret", "secret:rds!cluster-"): OF_RDS,
    ("secretsmanager:TagResource", "secret:rds!cluster-"): OF_RDS,
    ("ssm:AddTagsToResource", "parameter/cfn-mlflow/names/"): FOLLOWED,
    ("ssm:PutParameter", "parameter/cfn-mlflow/names/"): FOLLOWED,
    ("ssm:RemoveTagsFromResource", "parameter/cfn-mlflow/names/"): FOLLOWED,
}
"""What reaches an object of another stack, by action and a part of the ARN, and why that is so."""
WIRED = "a service of another stack may work with the database: its rotation deploys it anew"
CANNOT_TELL_IN_ROTATION: dict[tuple[str, str], str] = {
    ("ecs:RegisterTaskDefinition", "task-definition/"): WIRED,
    ("ecs:TagResource", "task-definition/"): WIRED,
    ("iam:PassRole", "role/cfn-mlflow/"): WIRED,
    ("logs:GetLogEvents", "log-group:/aws/ecs/"): WIRED,
}
"""The same of a rotation alone, which starts no task and makes no service."""
THROUGH_SECRETS = "through Secrets Manager alone: who may read a secret may decrypt it"
KEY_LOOKS = "a look at a key that a property names: its tags say whether it may be named"
TARGET_WITHOUT_NAME = "it has no name of ours; the right to change its service is asked besides"
CANNOT_TELL_OF_USERS: dict[tuple[str, str], str] = {
    ("application-autoscaling:RegisterScalableTarget", "scalable-target/"): TARGET_WITHOUT_NAME,
    ("application-autoscaling:TagResource", "scalable-target/"): TARGET_WITHOUT_NAME,
    ("kms:Decrypt", "key/"): THROUGH_SECRETS,
    ("kms:DescribeKey", "key/"): KEY_LOOKS,
    ("kms:ListResourceTags", "key/"): KEY_LOOKS,
}
"""The same of what is a user's own and carries no tag of ours at all."""


def requests(role: str, stack: Stack, things: Iterable[Thing]) -> Iterator[list[Request]]:
    """Yield, for each action of a role and object that it knows, all ways to ask for it."""
    things = list(things)
    for action in sorted(actions_of(role)):
        for thing in things:
            if knows(action, thing.arn):
                yield [
                    Request(role, stack, action, thing, context)
                    for context in contexts(action, stack)
                ]


@cache
def kinds(action: str) -> list[re.Pattern[str]]:
    """Return the ARNs that an action knows, as patterns."""
    return [re.compile(re.sub(PLACE, _part, kind["arn"])) for kind in known()[action]["types"]]


def _part(place: re.Match[str]) -> str:
    return "[^/]+" if place[0] == "${BucketName}" else ".+"


def knows(action: str, name: str) -> bool:
    """Tell whether an action can be asked about an object."""
    return any(kind.fullmatch(name) for kind in kinds(action))


def contexts(action: str, stack: Stack) -> list[dict[str, Any]]:
    """Return what a request may tell beside its session and its object: the best for who asks."""
    tags = {
        "cfn-mlflow:owner": stack.owner,
        "cfn-mlflow:left-by": stack.owner,
        "cfn-mlflow:stack": stack.guid,
        "cfn-mlflow:stack-name": stack.name,
    }
    told: dict[str, Any] = {
        "aws:TagKeys": ["team"],
        "cloudwatch:namespace": "cfn-mlflow",
        "ec2:CreateAction": "CreateSecurityGroup",
        "events:TargetArn": [TARGET],
        "iam:PassedToService": "ecs-tasks.amazonaws.com",
        "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
    }
    tagged = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    bounds = BOUNDARIES.values() if action.startswith("iam:") else [""]
    return [
        told | more | ({"iam:PermissionsBoundary": bound} if bound else {})
        for more in (tagged, {})
        for bound in bounds
    ]


def reached(tries: Iterable[list[Request]]) -> Reached:
    """Return role, action and ARN of every object that is reached by any of its tries."""
    flat = [one for ways in tries for one in ways]
    decisions = allowed(one.simulation for one in flat)
    return {
        (one.role, one.action, one.thing.arn)
        for one, decision in zip(flat, decisions, strict=True)
        if decision
    }


def unexplained(found: Reached, reasons: Reasons) -> list[tuple[str, str, str]]:
    """Return what is reached, is no look, and has no reason."""
    return sorted(
        one
        for one in found
        if one[1] not in LOOKS
        if not any(one[1] == action and part in one[2] for action, part in reasons)
    )


def reasons_for(role: str) -> Reasons:
    """Return the list of a role."""
    return CANNOT_TELL | (CANNOT_TELL_IN_ROTATION if role == "RotationWorkRole" else {})


@cache
def across(role: str) -> frozenset[tuple[str, str, str]]:
    """Return what a session of B reaches of what is A's."""
    return frozenset(reached(requests(role, B, made_for(A))))


@pytest.mark.parametrize("role", WORK_ROLES)
def test_a_session_reaches_no_object_of_another_stack(role: str) -> None:
    assert unexplained(set(across(role)), reasons_for(role)) == []


@pytest.mark.parametrize("role", WORK_ROLES)
def test_a_session_reaches_nothing_of_a_user_who_gave_it_to_nobody_or_to_others(role: str) -> None:
    things = [*USERS_OWN, *allowed_for("team-a"), *allowed_for("team-bb my-team-b team-b-2")]
    found = reached(requests(role, B, things))
    assert unexplained(found, reasons_for(role) | CANNOT_TELL_OF_USERS) == []


def test_every_reason_and_every_look_is_of_what_is_really_reached() -> None:
    found = {(action, name) for role in WORK_ROLES for _, action, name in across(role)}
    assert {action for action, _ in found} >= LOOKS
    for action, part in (*CANNOT_TELL, *CANNOT_TELL_IN_ROTATION):
        assert any(one == action and part in name for one, name in found), action


@pytest.mark.parametrize("name", [NO_STACKS_NAME, A.name])
def test_a_session_for_no_stack_reaches_nothing_of_a_stack_that_is_called_so(name: str) -> None:
    """The schema of a user's own cluster is looked at by the name of a stack alone."""
    nobody = Stack(name, NOBODY.stack, NOBODY.digest)
    given = [] if name == A.name else allowed_for("team-a")
    for role in ("MLflowSchemaWorkRole", "RotationWorkRole"):
        found = reached(requests(role, nobody, [*made_for(A), *USERS_OWN, *given]))
        assert unexplained(found, reasons_for(role) | CANNOT_TELL_OF_USERS) == []


# ---- What is given to a stack


USES = {
    "rds-data:ExecuteStatement": "cluster:",
    "rds:CreateDBClusterSnapshot": "cluster:",
    "rds:RestoreDBClusterToPointInTime": "cluster:",
    "secretsmanager:GetSecretValue": "secret:",
    "kms:CreateGrant": "key/",
}
"""What a session does with what is given to its stack, and with what kind of thing."""


def used(stack: Stack, things: Iterable[Thing]) -> set[str]:
    """Return the actions of USES that reach one of these things."""
    things = list(things)
    tries = [
        [Request("MLflowWorkRole", stack, action, thing, context)]
        for action, part in USES.items()
        for thing in things
        if part in thing.arn and "mlflow-rehearsal" not in thing.arn
        for context in contexts(action, stack)
    ]
    return {action for _, action, _ in reached(tries)}


@pytest.mark.parametrize(
    "value", ["", "yes", "true", "@all", "team-b", "x team-b", "team-b x", "x team-b y"]
)
def test_what_a_user_gives_to_the_stack_or_to_all_is_reached(value: str) -> None:
    assert used(B, allowed_for(value)) == set(USES)


@pytest.mark.parametrize(
    "value", ["no", "false", "team", "team-a", "team-bc", "x-team-b", "TEAM-B"]
)
def test_what_a_user_gives_to_others_is_not_reached(value: str) -> None:
    assert used(B, allowed_for(value)) == set()


def test_what_a_stack_shares_is_reached_by_whom_it_names_and_by_nobody_else() -> None:
    of_a_database = set(USES) - {"kms:CreateGrant"}
    assert used(B, made_for(A, shared_with="team-c team-b")) == of_a_database
    assert used(B, made_for(A, shared_with="@all")) == of_a_database
    assert used(B, made_for(A, shared_with="team-c")) == set()
    assert used(FRIEND, made_for(A, shared_with="team-a")) == set()


def test_what_a_stack_has_made_is_reached_by_itself() -> None:
    assert used(A, made_for(A)) == set(USES) - {"kms:CreateGrant"}


def test_what_is_shared_with_a_root_is_not_reached_by_a_stack_that_is_nested_in_it() -> None:
    nested = replace(B, name="team-b-Tracking-1A2B3C4D5E6F")
    assert used(nested, made_for(A, shared_with="team-b")) == set()
    assert used(nested, made_for(A, shared_with=f"team-b {nested.name}")) != set()


# ---- What is the stack's own


OWN_THAT_IS_NOT_TOUCHED: dict[tuple[str, str], str] = {
    ("rds:CreateDBCluster", ":db:"): "a cluster is made without instances",
    ("rds:DeleteDBCluster", "cluster-snapshot:mlflow-before-"): "it is of a migration",
    ("secretsmanager:DeleteSecret", "secret:rds!cluster-"): "RDS deletes it",
    ("secretsmanager:PutSecretValue", "secret:rds!cluster-"): "RDS sets it",
    ("secretsmanager:UntagResource", "secret:rds!cluster-"): "RDS tags it",
    ("sts:AssumeRole", "role/cfn-mlflow/"): "a function takes its working role, tasks take these",
}


@pytest.mark.parametrize("function", sorted({caller(call) for call in CALLS_MADE} & {*WORKING}))
def test_every_call_made_passes_for_the_stacks_own_objects(function: str) -> None:
    """They are asked about as they are made, without tags, and as they stand, with them."""
    calls = {
        action for call in CALLS_MADE if caller(call) == function for action in iam_actions(call)
    }
    tries = [
        Request(role, A, action, thing, context)
        for role in roles_of(function)
        for action in sorted(calls & actions_of(role))
        for named in made_for(A)
        if knows(action, named.arn)
        for thing in (named, Thing(named.arn))
        for context in contexts(action, A)
    ]
    asked = {(one.action, one.thing.arn) for one in tries}
    passed = {(action, name) for _, action, name in reached([one] for one in tries)}
    assert len(passed) > 5
    denied = [
        (action, name)
        for action, name in sorted(asked - passed)
        if not any(action == one and part in name for one, part in OWN_THAT_IS_NOT_TOUCHED)
    ]
    assert denied == []


# ---- Tasks


SECRET = next(one for one in made_for(A) if "secret:mlflow-server" in one.arn)
SHARED = next(one for one in made_for(A, "team-b") if "secret:mlflow-mlflow-app" in one.arn)
MINE = {one.arn: one for one in allowed_for("team-b")}
LOG = next(one for one in made_for(A) if one.arn.endswith("log-stream:mlflow/mlflow/0123"))
OBJECT = Thing(f"arn:aws:s3:::mlflow-artifacts-{A.digest}/1/model.pkl")
IMAGE = Thing(arn("ecr", "repository/of-somebody"))
READ_SECRET, READ, PULL = "secretsmanager:GetSecretValue", "s3:GetObject", "ecr:BatchGetImage"
MY_SECRET = MINE[arn("secretsmanager", "secret:mine-AbCdEf")]
MY_OBJECT = MINE["arn:aws:s3:::mine/model.pkl"]


def of_stack(stack: Stack) -> dict[str, str]:
    """Return the tags of the roles of a stack's tasks."""
    return {key: value for key, value in stack.principal_tags.items() if "digest" not in key}


BEFORE: dict[str, str] = {"cfn-mlflow:owner": A.owner}
"""The tags of a role that was made before roles had a stack."""


@pytest.mark.parametrize(
    ("boundary", "tags", "action", "thing", "expected"),
    [
        ("ExecutionBoundary", of_stack(A), READ_SECRET, SECRET, True),
        ("ExecutionBoundary", of_stack(B), READ_SECRET, SECRET, False),
        ("ExecutionBoundary", of_stack(B), READ_SECRET, SHARED, True),
        ("ExecutionBoundary", of_stack(FRIEND), READ_SECRET, SHARED, False),
        ("ExecutionBoundary", of_stack(B), READ_SECRET, MY_SECRET, True),
        ("ExecutionBoundary", of_stack(A), READ_SECRET, MY_SECRET, False),
        ("ExecutionBoundary", of_stack(A), READ_SECRET, USERS_OWN[5], False),
        ("ExecutionBoundary", of_stack(A), READ, OBJECT, False),
        ("ExecutionBoundary", of_stack(A), PULL, IMAGE, True),
        ("ExecutionBoundary", BEFORE, READ_SECRET, SECRET, True),
        ("ExecutionBoundary", BEFORE, READ_SECRET, USERS_OWN[5], False),
        ("TaskBoundary", of_stack(A), READ, OBJECT, True),
        ("TaskBoundary", of_stack(B), READ, MY_OBJECT, True),
        ("TaskBoundary", of_stack(A), READ, MY_OBJECT, False),
        ("TaskBoundary", of_stack(A), READ, Thing("arn:aws:s3:::production/orders.csv"), False),
        ("TaskBoundary", of_stack(A), READ_SECRET, SECRET, False),
        ("TaskBoundary", of_stack(A), PULL, IMAGE, False),
        ("TaskBoundary", of_stack(A), "logs:PutLogEvents", LOG, False),
        ("TaskBoundary", BEFORE, READ, OBJECT, True),
        ("TaskBoundary", BEFORE, READ, MY_OBJECT, True),
        ("TaskBoundary", BEFORE, READ_SECRET, SECRET, True),
        ("TaskBoundary", BEFORE, READ_SECRET, MY_SECRET, True),
        ("TaskBoundary", BEFORE, READ_SECRET, USERS_OWN[5], False),
        ("TaskBoundary", BEFORE, PULL, IMAGE, True),
        ("TaskBoundary", BEFORE, "logs:PutLogEvents", LOG, True),
    ],
)
def test_a_role_that_may_do_all_does_no_more_than_its_boundary(
    boundary: str, tags: dict[str, str], action: str, thing: Thing, expected: bool
) -> None:
    assert allowed([of_task(boundary, tags, action, thing, {})]) == [expected]


def test_a_task_reaches_no_bucket_of_another_account_that_is_tagged_for_it() -> None:
    elsewhere = {"aws:ResourceAccount": "999999999999"}
    asked = of_task("TaskBoundary", of_stack(B), READ, MY_OBJECT, elsewhere)
    assert allowed([asked]) == [False]


@pytest.mark.parametrize(
    ("shared_with", "tags", "expected"),
    [
        ((), of_stack(A), True),
        ((), of_stack(B), False),
        ((), BEFORE, True),
        (("team-c", "team-b"), of_stack(B), True),
        (("team-c",), of_stack(B), False),
        (("team-a",), of_stack(FRIEND), False),
        (("@all",), of_stack(B), True),
    ],
)
def test_a_bucket_admits_the_tasks_of_its_stack_and_of_whom_it_is_shared_with(
    shared_with: tuple[str, ...], tags: dict[str, str], expected: bool
) -> None:
    stack_id = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{A.name}/{A.guid}"
    whose = Owner("cfn-mlflow", stack_id, "MLflow", A.digest, "0.1.0")
    policy = BucketPolicy(whose, f"mlflow-artifacts-{A.digest}", shared_with)
    asked = of_task("TaskBoundary", tags, READ, OBJECT, {"aws:SecureTransport": "true"})
    asked["resourcePolicy"] = {"Version": "2012-10-17", "Statement": policy.statements}
    assert allowed([asked]) == [expected]


# ---- Conditions


def test_every_condition_compares_a_key_that_its_action_knows() -> None:
    """A key that IAM never tells for an action denies always, or holds always by IfExists."""
    wrong = [
        (found.sid, action, key)
        for found in every_statement()
        if found.effect == "Allow"
        for key in found.keys
        if key.split("/")[0] in ("aws:RequestTag", "aws:ResourceTag")
        for action in found.actions
        if key.split("/")[0] not in keys_told(action)
    ]
    assert wrong == []


def keys_told(action: str) -> set[str]:
    """Return the keys that an action tells of its request or of a resource."""
    told = known()[action]
    keys = {*told["keys"], *(key for kind in told["types"] for key in kind["keys"])}
    return {key.split("/")[0] for key in keys}
