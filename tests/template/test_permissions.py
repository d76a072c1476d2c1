"""What the functions may do: given a role, then it can do its own type's work and no more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cfnlint
import pytest

from cfn_mlflow.aws.core.owner import OWNER_TAG, STACK_TAG
from cfn_mlflow.aws.core.session import ROLE_VARIABLE
from cfn_mlflow.aws.core.sharing import EVERYBODY_UNTIL_0_3_0
from cfn_mlflow.aws.events.rule import role_arn
from cfn_mlflow.aws.events.rule_names import OPERATOR, SCHEMA_RULE, rule_name
from cfn_mlflow.reserved_tags import EVERY_STACK
from cfn_mlflow.runtime.failures import NAMESPACE
from tests.support.objects.service_kit import owner
from tests.support.template.provider_template import (
    ALLOW_ON_RESOURCE,
    DIGEST,
    FUNCTIONS,
    OWN,
    OWN_KEY,
    OWNER_ON_REQUEST,
    OWNER_ON_RESOURCE,
    READS,
    SHARED_ON_RESOURCE,
    TYPES,
    WORKING,
    Statement,
    every_statement,
    managed_policies,
    properties,
    resources,
    statements,
    statements_of,
    statements_of_role,
)

IAM_ACTIONS = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
OF_TYPE = {
    "MLflowBucket": {"Names", "Bucket"},
    "MLflowDatabase": {"Names", "Network", "Shared", "Database"},
    "MLflowService": {
        "Names",
        "Network",
        "Shared",
        "Service",
        "Migration",
        "LoadBalancer",
        "TaskRole",
        "Schema",
    },
    "MLflowSchema": {"Schema"},
}
FUNCTIONS_ENVIRONMENT = "kms:EncryptionContext:aws:lambda:FunctionArn"
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "ecs:DeregisterTaskDefinition",
    "secretsmanager:GetRandomPassword",
}
"""Actions for which IAM knows no resource."""
TAGGED_SERVICES = {
    "cloudwatch",
    "ec2",
    "ecs",
    "events",
    "elasticloadbalancing",
    "logs",
    "rds",
    "rds-data",
    "secretsmanager",
}
"""Services that look at an object's tags: there the owner tag keeps others out."""
WITHOUT_OWNER_TAG = {
    "AlarmsOfAutoscaling": "autoscaling makes these, and names them after the service",
    "InAnyVpc": "a VPC is the user's; the group made in it carries the tag",
    "RulesOfOwnSecurityGroup": "asked for beside the group, whose tag is looked at",
    "BesideOwnDatabase": "asked for beside the cluster, whose tag is looked at",
    "BesideClone": "asked for beside the clone and its source, whose tags are looked at",
    "BesideInstanceOfClone": "asked for beside the instance, whose tag is looked at",
    "FinalSnapshot": "asked for beside the cluster, whose tag is looked at; it does not exist yet",
    "SnapshotThatStays": "it is nobody's, and asks for the tag of what stays",
    "SecretOfRds": "RDS makes this secret, with its own tags, in its own part of the names",
    "OwnLog": "the function's own log group, by its ARN",
    "DeployWiredService": "by the tag that names its database, whoever owns the service",
    "TaskLog": "in the boundary: the part of the names that only the provider makes",
    "LogBefore": "as above, for the roles made before",
}
"""Statements that change something by another limit than the owner's tag, and by which."""
ANY_OWNER = {
    "MakeRevision": "of a service that works with the database, which may be another stack's",
    "SecretsBefore": "in the boundaries: a role that was made before roles had a stack",
}
"""Statements that ask for an owner, but for no particular one."""
BOUNDARIES = ("Ref TaskBoundary", "Ref ExecutionBoundary")
OWN_ROLE = f":role/cfn-mlflow/*-{DIGEST}"
"""How the ARN of a role ends that is made for a resource."""
IN_TASKS = {"TaskBoundary", "ExecutionBoundary"}


def every_policy() -> list[str]:
    return list(resources("AWS::IAM::ManagedPolicy"))


def allowed() -> list[Statement]:
    return [found for found in every_statement() if found.effect == "Allow"]


def test_every_action_is_one_that_iam_knows() -> None:
    known = json.loads(IAM_ACTIONS.read_text())
    unknown = [
        action
        for found in every_statement()
        for service, name in [action.split(":") for action in found.actions]
        for action in [f"{service}:{name}"]
        if name.lower() not in known.get(service, {}).get("Actions", {})
    ]
    assert not unknown


def test_no_statement_allows_a_whole_service() -> None:
    assert not [found.sid for found in allowed() if any("*" in a for a in found.actions)]


def test_every_resource_stands_for_what_only_reads_or_has_no_resource() -> None:
    wide = [
        (found.sid, action)
        for found in allowed()
        if "*" in found.resources
        if not found.keys & {ALLOW_ON_RESOURCE, "aws:PrincipalTag/cfn-mlflow:stack"}
        for action in found.actions
        if not READS.match(action) and action not in WITHOUT_RESOURCE
    ]
    assert not wide


def test_no_secret_is_read_by_a_resource_of_star() -> None:
    reads = [found for found in allowed() if "secretsmanager:GetSecretValue" in found.actions]
    assert reads
    for found in reads:
        assert "*" not in found.resources
        listed = found.resources == ("Ref AllowedSecretArns",)
        of_rds = found.keys & {"aws:ResourceTag/aws:rds:primaryDBClusterArn"}
        told = {OWNER_ON_RESOURCE, ALLOW_ON_RESOURCE, SHARED_ON_RESOURCE}
        assert listed or of_rds or found.keys & told, found.sid


def test_what_changes_an_object_asks_for_a_tag() -> None:
    told = {OWNER_ON_REQUEST, OWNER_ON_RESOURCE, ALLOW_ON_RESOURCE, SHARED_ON_RESOURCE}
    open_ones = {
        found.sid
        for found in allowed()
        if not found.keys & told
        if not any(name.startswith("Ref Allowed") for name in found.resources)
        for action in found.actions
        if action.split(":")[0] in TAGGED_SERVICES
        if not READS.match(action) and action not in WITHOUT_RESOURCE
    }
    assert open_ones == set(WITHOUT_OWNER_TAG)


def test_an_owner_is_the_stack_of_the_session_and_no_other() -> None:
    """Whether an owner is there at all says nothing of whose the object is."""
    asked = {
        (found.sid, key, value)
        for found in allowed()
        for test, keys in found.condition.items()
        for key in keys
        if key in (OWNER_ON_REQUEST, OWNER_ON_RESOURCE)
        for value in found.values(test, key)
    }
    assert len(asked) > 30
    assert {sid for sid, _, value in asked if value != OWN} == set(ANY_OWNER)


def test_what_is_shared_or_allowed_is_so_for_this_stack_or_said_to_be_for_all() -> None:
    name = "${aws:PrincipalTag/cfn-mlflow:stack-name}"
    listed = ("@all", name, f"{name} *", f"* {name}", f"* {name} *")
    until_0_3_0 = ("", "yes", "true")
    values = {
        ALLOW_ON_RESOURCE: {(*until_0_3_0, *listed)},
        SHARED_ON_RESOURCE: {listed},
    }
    for key, expected in values.items():
        found = [s for s in allowed() if key in s.condition.get("StringLike", {})]
        assert len(found) > 2
        assert {s.values("StringLike", key) for s in found} == expected
    unsaid = {s.sid for s in allowed() if ALLOW_ON_RESOURCE in s.condition.get("Null", {})}
    assert unsaid == {"TaggedBucketsBefore", "TaggedSecretsBefore"}


def test_a_value_that_the_code_takes_for_everybody_is_one_that_the_policies_take() -> None:
    for found in allowed():
        values = found.values("StringLike", ALLOW_ON_RESOURCE)
        if values:
            assert {*EVERYBODY_UNTIL_0_3_0, EVERY_STACK} <= set(values), found.sid


@pytest.mark.parametrize("type_name", OF_TYPE)
def test_a_part_has_its_own_policies_and_no_other(type_name: str) -> None:
    expected = {f"{name}Permissions" for name in OF_TYPE[type_name]}
    assert set(managed_policies(f"{type_name}WorkRole")) == expected
    assert managed_policies(f"{type_name}Role") == ("FencePermissions",)


def test_the_union_has_what_its_parts_have_and_no_more() -> None:
    parts = {policy for name in OF_TYPE for policy in managed_policies(f"{name}WorkRole")}
    assert set(managed_policies("MLflowWorkRole")) == parts


def test_the_last_word_can_only_read_its_queue_and_log() -> None:
    services = {
        action.split(":")[0]
        for found in statements_of_role("LastWordRole")
        if found.resources != OWN_KEY
        for action in found.actions
    }
    assert services == {"logs", "sqs"}


def test_rotation_can_make_and_remove_nothing_but_a_revision() -> None:
    assert managed_policies("RotationRole") == ()
    assert managed_policies("RotationWorkRole") == ("RotationPermissions",)
    writing = {
        action
        for found in statements("RotationPermissions")
        for action in found.actions
        if not READS.match(action)
    }
    assert writing == {
        "ecs:DeregisterTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "ecs:UpdateService",
        "iam:PassRole",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "rds-data:ExecuteStatement",
        "secretsmanager:PutSecretValue",
        "secretsmanager:TagResource",
    }


def test_the_rules_that_may_invoke_rotation_are_those_that_the_provider_names() -> None:
    permission = properties("RotationBySchedule")
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":rule/*-rotation-??????????")


def test_a_rule_may_invoke_a_function_by_its_arn_alone() -> None:
    """EventBridge user guide, My rule ran but my Lambda function wasn't invoked.

    SourceAccount keeps EventBridge from invoking the function, and nothing tells of it. The ARN
    names Region and account, so a rule of another account cannot be meant.
    """
    permissions = resources("AWS::Lambda::Permission")
    by_rule = {
        name: properties(name)
        for name in permissions
        if properties(name)["Principal"] == "events.amazonaws.com"
    }
    assert set(by_rule) == {"MLflowSchemaSchedules", "RotationBySchedule"}
    account = "events:${AWS::Region}:${AWS::AccountId}:rule/"
    assert not [name for name, found in by_rule.items() if "SourceAccount" in found]
    assert all(account in found["SourceArn"]["Fn::Sub"] for found in by_rule.values())


def test_the_schema_check_cannot_write() -> None:
    """What its roles allow beside reading is its own log, hand-off, dead letter and metric."""
    writing = {
        action: found
        for found in statements_of("MLflowSchema")
        for action in found.actions
        if not READS.match(action)
    }
    assert set(writing) == {
        "cloudwatch:PutMetricData",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "lambda:InvokeFunction",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "rds-data:BeginTransaction",
        "rds-data:ExecuteStatement",
        "rds-data:RollbackTransaction",
        "sqs:SendMessage",
        "sts:AssumeRole",
        "sts:TagSession",
    }
    assert writing["kms:GenerateDataKey"].resources == OWN_KEY
    metric = writing["cloudwatch:PutMetricData"]
    assert metric.values("StringEquals", "cloudwatch:namespace") == (NAMESPACE,)
    assert writing["logs:PutLogEvents"].resources == ("Fn::GetAtt ['MLflowSchemaLogs', 'Arn']",)
    assert writing["sqs:SendMessage"].resources == ("Fn::GetAtt ['DeadLetters', 'Arn']",)


def test_a_transaction_of_the_check_can_never_be_committed() -> None:
    assert not [found.sid for found in allowed() if _has(found, "rds-data:CommitTransaction")]


def test_a_schedule_invokes_two_functions_of_the_provider_alone() -> None:
    (found,) = [found for found in allowed() if _has(found, "events:PutTargets")]
    targets = found.values("ForAllValues:ArnEquals", "events:TargetArn")
    assert found.values("Null", "events:TargetArn") == ("false",)
    assert [target.split(":function:")[-1] for target in targets] == [
        "${ProviderName}-MLflowSchema:operator",
        "${ProviderName}-Rotation:operator",
    ]


def test_role_of_rules_is_the_providers_and_opens_the_operators_doors_alone() -> None:
    (trust,) = properties("RulesRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    rules = trust["Condition"]["ArnLike"]["aws:SourceArn"]
    assert [rule["Fn::Sub"].rsplit(":", 1)[-1] for rule in rules] == [
        "rule/*-rotation-??????????",
        "rule/*-schema-??????????",
    ]
    (found,) = statements_of_role("RulesRole")
    assert found.actions == ("lambda:InvokeFunction",)
    assert [target.split(":function:")[-1] for target in found.resources] == [
        "${ProviderName}-MLflowSchema:operator",
        "${ProviderName}-Rotation:operator",
    ]


def test_the_name_of_the_rules_role_is_the_one_that_rules_are_given() -> None:
    name = str(properties("RulesRole")["RoleName"]["Fn::Sub"])
    written = name.replace("${ProviderName}", "cfn-mlflow").replace("${AWS::Region}", "eu-west-1")
    assert role_arn(owner()).rsplit("/", 1)[-1] == written


@pytest.mark.parametrize("function", ["MLflowSchema", "Rotation"])
def test_no_policy_of_a_function_opens_the_door_of_its_operators(function: str) -> None:
    """Lambda developer guide: a permission for a function alone is not one for its aliases."""
    alias = properties(f"{function}Operators")
    assert (alias["Name"], alias["FunctionVersion"]) == (OPERATOR, "$LATEST")
    named = [json.dumps(properties(name)) for name in resources("AWS::Lambda::Permission")]
    assert not [text for text in named if OPERATOR in text or "Operators" in text]


@pytest.mark.parametrize("function", ["MLflowSchema", "Rotation"])
def test_an_event_at_the_door_of_operators_is_tried_as_often_as_at_the_functions(
    function: str,
) -> None:
    config = properties(f"{function}OperatorsEvents")
    assert config["Qualifier"] == OPERATOR
    own = properties(f"{function}Function")["EventInvokeConfig"]
    assert own.items() <= config.items()


def test_the_rules_that_may_invoke_the_check_are_those_that_the_provider_names() -> None:
    permission = properties("MLflowSchemaSchedules")
    assert permission["Principal"] == "events.amazonaws.com"
    pattern = str(permission["SourceArn"]["Fn::Sub"]).rsplit("/", 1)[-1]
    own = re.compile(pattern.replace("*", ".*").replace("?", "."))
    assert own.fullmatch(rule_name(owner(), SCHEMA_RULE))
    assert not own.fullmatch("nightly-report")


@pytest.mark.parametrize("type_name", TYPES)
def test_a_function_may_invoke_itself_only(type_name: str) -> None:
    found = [s for s in statements_of_role(f"{type_name}Role") if _has(s, "lambda:InvokeFunction")]
    assert len(found) == 1
    assert [name.rsplit(":", 1)[-1] for name in found[0].resources] == [
        f"${{ProviderName}}-{type_name}"
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_own_role_is_for_lambda_alone(function: str) -> None:
    (trust,) = properties(f"{function}Role")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "Condition" not in trust


@pytest.mark.parametrize("function", WORKING)
def test_a_working_role_is_for_its_function_alone_and_only_for_a_stack(function: str) -> None:
    (trust,) = properties(f"{function}WorkRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"]["AWS"]["Fn::Sub"].endswith(":${AWS::AccountId}:root")
    condition = trust["Condition"]
    own = {"Fn::GetAtt": [f"{function}Role", "Arn"]}
    assert condition["ArnEquals"] == {"aws:PrincipalArn": own}
    assert condition["StringLike"] == {
        "aws:RequestTag/cfn-mlflow:stack": "????????-????-????-????-????????????",
        "aws:RequestTag/cfn-mlflow:digest": "?" * 10,
    }
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]


@pytest.mark.parametrize("function", WORKING)
def test_a_function_takes_its_own_working_role_and_knows_which(function: str) -> None:
    (found,) = [s for s in statements_of_role(f"{function}Role") if _has(s, "sts:AssumeRole")]
    name = properties(f"{function}WorkRole")["RoleName"]["Fn::Sub"]
    assert [one.rsplit("/", 1)[-1] for one in found.resources] == [name]
    variables = properties(f"{function}Function")["Environment"]["Variables"]
    assert variables[ROLE_VARIABLE] == {"Fn::GetAtt": [f"{function}WorkRole", "Arn"]}


def test_a_working_role_takes_no_other_role() -> None:
    working = {s.sid for name in WORKING for s in statements_of_role(f"{name}WorkRole")}
    assert not working & {s.sid for s in allowed() if _has(s, "sts:AssumeRole")}


# ---- The roles that the provider makes


@pytest.mark.parametrize(
    "action",
    [
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:PutRolePermissionsBoundary",
    ],
)
def test_a_role_is_made_and_changed_only_with_the_boundary_on_it(action: str) -> None:
    found = [statement for statement in allowed() if _has(statement, action)]
    assert found
    for statement in found:
        assert statement.values("StringEquals", "iam:PermissionsBoundary") == BOUNDARIES
        assert all(name.endswith(OWN_ROLE) for name in statement.resources)


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:TagRole"])
def test_a_role_is_given_the_stack_of_the_session_and_no_other(action: str) -> None:
    (found,) = [statement for statement in allowed() if _has(statement, action)]
    for key in ("stack", "stack-name"):
        asked = found.values("StringEquals", f"aws:RequestTag/cfn-mlflow:{key}")
        assert asked == (f"${{aws:PrincipalTag/cfn-mlflow:{key}}}",)


def test_a_role_keeps_its_stack_and_its_owner_however_their_keys_are_written() -> None:
    (found,) = [s for s in statements("TaskRolePermissions") if s.sid == "StackOfRoleStays"]
    assert (found.effect, found.actions, found.resources) == ("Deny", ("iam:UntagRole",), ("*",))
    keys = found.values("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys")
    assert keys == (STACK_TAG, OWNER_TAG)


@pytest.mark.parametrize(
    "action", ["iam:DeleteRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy"]
)
def test_what_iam_cannot_tie_to_the_boundary_is_tied_to_the_owner_tag(action: str) -> None:
    (found,) = [statement for statement in allowed() if _has(statement, action)]
    assert found.condition == {"StringLike": {OWNER_ON_RESOURCE: OWN}}
    assert all(name.endswith(OWN_ROLE) for name in found.resources)


def test_the_boundary_cannot_be_taken_off() -> None:
    denied = [s for s in statements("TaskRolePermissions") if s.effect == "Deny"]
    taken_off = [s for s in denied if _has(s, "iam:DeleteRolePermissionsBoundary")]
    assert [(s.resources, s.condition) for s in taken_off] == [(("*",), {})]
    exchanged = [s for s in denied if _has(s, "iam:PutRolePermissionsBoundary")]
    assert [s.values("StringNotEquals", "iam:PermissionsBoundary") for s in exchanged] == [
        BOUNDARIES
    ]


def test_no_managed_policy_can_be_attached() -> None:
    assert not [found for found in allowed() if _has(found, "iam:AttachRolePolicy")]


def test_a_role_is_passed_to_tasks_and_rules_alone_and_none_but_those_made_here() -> None:
    found = [statement for statement in allowed() if _has(statement, "iam:PassRole")]
    to = {statement.values("StringEquals", "iam:PassedToService") for statement in found}
    assert to == {("ecs-tasks.amazonaws.com",), ("events.amazonaws.com",)}
    for statement in found:
        rules = "events.amazonaws.com" in statement.values("StringEquals", "iam:PassedToService")
        role = ":role/${ProviderName}-rules-${AWS::Region}" if rules else ":role/cfn-mlflow/"
        assert all(role in name for name in statement.resources)


def test_the_provider_cannot_change_its_own_roles() -> None:
    assert not [role for role in resources("AWS::IAM::Role") if "Path" in properties(role)]


def test_a_new_account_gets_the_service_linked_roles_it_lacks_and_no_other() -> None:
    found = [s for s in allowed() if _has(s, "iam:CreateServiceLinkedRole")]
    services = {v for s in found for v in s.values("StringEquals", "iam:AWSServiceName")}
    assert services == {
        "rds.amazonaws.com",
        "ecs.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
    }
    assert all(s.values("StringEquals", "iam:AWSServiceName") for s in found)


def test_no_other_iam_action_is_without_a_condition() -> None:
    bare = {
        action
        for found in allowed()
        if not found.condition
        for action in found.actions
        if action.startswith("iam:") and not READS.match(action)
    }
    assert not bare


# ---- Keys, the boundary, limits


def test_a_key_is_used_through_a_service_only() -> None:
    used = [
        found
        for found in allowed()
        if any(a.startswith("kms:") and not READS.match(a) for a in found.actions)
    ]
    assert used
    for found in used:
        of_environment = found.resources == OWN_KEY and found.keys == {FUNCTIONS_ENVIRONMENT}
        assert found.values("StringEquals", "kms:ViaService") or of_environment, found.sid


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_deployers_key_opens_a_functions_environment_and_its_letters_alone(
    function: str,
) -> None:
    found = {
        one.sid: one for one in statements_of_role(f"{function}Role") if one.resources == OWN_KEY
    }
    assert set(found) == {"KeyOfDeadLetters", "KeyOfEnvironment"}
    letters, environment = found["KeyOfDeadLetters"], found["KeyOfEnvironment"]
    assert set(letters.actions) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert letters.values("StringEquals", "kms:ViaService") == (
        "sqs.${AWS::Region}.${AWS::URLSuffix}",
    )
    assert environment.actions == ("kms:Decrypt",)
    (functions,) = environment.values("StringLike", FUNCTIONS_ENVIRONMENT)
    assert functions.endswith(":${AWS::AccountId}:function:${ProviderName}-*")


def test_something_is_encrypted_only_with_a_key_that_is_allowed() -> None:
    used = [
        found
        for policy in every_policy()
        if policy not in IN_TASKS
        for found in statements(policy)
        if {"kms:GenerateDataKey", "kms:CreateGrant"} & set(found.actions)
    ]
    assert used
    for found in used:
        named = found.resources in (("Ref AllowedKeyArns",), OWN_KEY)
        assert ALLOW_ON_RESOURCE in found.keys or named


def test_whoever_makes_or_clones_a_cluster_may_use_a_key_that_is_allowed() -> None:
    by_function = {
        name: {action for found in statements_of(name) for action in found.actions}
        for name in FUNCTIONS
    }
    makers = {"rds:CreateDBCluster", "rds:RestoreDBClusterToPointInTime"}
    making = {name for name, actions in by_function.items() if makers & actions}
    assert making == {"MLflow", "MLflowDatabase", "MLflowService"}
    assert all("kms:CreateGrant" in by_function[name] for name in making)


def services_of(boundary: str, *, with_stack: bool) -> set[str]:
    """Return the services that a boundary opens to a role with a stack, or to one without."""
    return {
        action.split(":")[0]
        for found in statements(boundary)
        if found.effect == "Allow"
        if not with_stack
        or "aws:PrincipalTag/cfn-mlflow:stack" not in found.condition.get("Null", {})
        for action in found.actions
    }


def test_a_task_reaches_buckets_and_no_secret_no_registry_and_no_log() -> None:
    assert services_of("TaskBoundary", with_stack=True) == {"kms", "s3"}


def test_what_starts_a_task_reaches_secrets_images_and_its_log_and_no_bucket() -> None:
    expected = {"ecr", "kms", "logs", "secretsmanager"}
    assert services_of("ExecutionBoundary", with_stack=True) == expected
    assert services_of("ExecutionBoundary", with_stack=False) == expected


def test_a_role_that_was_made_before_roles_had_a_stack_reaches_what_it_reached() -> None:
    before = {"ecr", "kms", "logs", "s3", "secretsmanager"}
    assert services_of("TaskBoundary", with_stack=False) == before


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_a_task_reaches_objects_of_own_and_allowed_buckets_only(action: str) -> None:
    found = [s for s in statements("TaskBoundary") if _has(s, action)]
    to_read = {"ArtifactsToRead"} if action == "s3:GetObject" else set()
    assert {s.sid for s in found} - to_read == {
        "OwnArtifacts",
        "TaggedBuckets",
        "TaggedBucketsBefore",
        "ArtifactsInAllowedBuckets",
    }


def test_a_task_reaches_no_bucket_of_another_account() -> None:
    buckets = [
        found
        for found in statements("TaskBoundary")
        if any(action.startswith("s3:") for action in found.actions)
        if not any(re.search("Allowed(Read)?BucketArns", name) for name in found.resources)
    ]
    assert len(buckets) == 4
    for found in buckets:
        assert found.values("StringEquals", "aws:ResourceAccount") == ("Ref AWS::AccountId",)


def test_a_bucket_named_like_a_users_is_not_taken_for_our_own() -> None:
    (found,) = [s for s in statements("BucketPermissions") if _has(s, "s3:DeleteBucket")]
    (pattern,) = (name.split(":::")[-1] for name in found.resources)
    own = re.compile(pattern.replace("*", ".*").replace(DIGEST, "3k5xw7qpza"))
    assert own.fullmatch("team-a-artifacts-3k5xw7qpza")
    assert not own.fullmatch("team-a-artifacts-zyxwvutsrq")
    assert not own.fullmatch("production-financials")
    assert not own.fullmatch("team-artifacts")


def test_a_role_has_no_more_policies_than_iam_allows() -> None:
    assert all(len(managed_policies(role)) <= 10 for role in resources("AWS::IAM::Role"))


def _has(statement: Statement, action: str) -> bool:
    return action in statement.actions
