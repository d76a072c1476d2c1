"""Given what the source of a type can call, then its role allows that, and nothing beyond."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import botocore.session
import grimp
import pytest
from botocore import xform_name
from botocore.model import ServiceModel

from tests.support.template.asked_beside import beside
from tests.support.template.provider_template import (
    OWN_KEY,
    READS,
    ROOT,
    TYPES,
    WORKING,
    roles_of,
    statements_of_role,
)
from tests.template.test_calls_made import iam_actions
from tests.template.test_template import HANDLERS

FUNCTIONS = ROOT / "functions"
WITHOUT_A_CALL = {
    "sts:TagSession": "the session carries tags",
    "logs:CreateLogStream": "Lambda writes the function's log",
    "logs:PutLogEvents": "as above",
    "s3:ListBucket": "without it S3 answers 403 where a bucket or a setting is not there",
    "sqs:SendMessage": "Lambda hands a dead request over",
    "kms:Decrypt": "Lambda decrypts the function's environment, SQS a letter",
    "kms:GenerateDataKey": "SQS encrypts a letter",
}
"""Rights that neither a call nor what a call asks for beside itself explains."""
CALLED_ONLY_BY_ANOTHER_TYPE = {
    ("MLflowDatabase", "logs:GetLogEvents"): "reads a task's last lines; it has no task",
    (
        "MLflowService",
        "rds:RemoveTagsFromResource",
    ): "sets tags of the database",
    ("MLflowService", "rds:ListTagsForResource"): "reads the tags of what the database is made of",
}
"""Calls in a module that the type shares with another, which alone makes them."""


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service."""
    return _botocore().get_service_model(service)


@cache
def _botocore() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def operations(service: str) -> dict[str, str]:
    """Return a service's operations by the names of boto3's methods."""
    model = service_model(service)
    return {xform_name(name): name for name in model.operation_names}


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module's source, parsed."""
    return ast.parse(path.read_text())


CLIENTS = ("client", "own_client")
"""What the session of a stack is asked for, and what the function itself."""


def service_asked(node: ast.AST, by: str | None = None) -> str | None:
    """Return the service of `client("rds")` or of the function's own; None for another node."""
    asks = (by,) if by else CLIENTS
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in asks:
        argument = node.args[0]
        return str(argument.value) if isinstance(argument, ast.Constant) else None
    return None


@cache
def accessors(by: str | None = None) -> dict[str, str]:
    """Return the service whose client a function hands out, by the function's name."""
    return {
        function.name: service
        for path in FUNCTIONS.rglob("*.py")
        for function in parsed(path).body
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if (service := service_asked(node, by))
    }


@cache
def services(tree: ast.Module, by: str | None = None) -> frozenset[str]:
    """Return the services that a module reaches, by a client of its own or another module's."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    own = {service for node in ast.walk(tree) if (service := service_asked(node, by))}
    others = {service for name, service in accessors(by).items() if name in names}
    return frozenset(own | others)


@cache
def operations_in(path: Path, by: str | None = None) -> frozenset[tuple[str, str]]:
    """Return service and name of every operation that a module names of a service it reaches.

    `by` leaves those of the other kind of client out.
    """
    tree = parsed(path)
    words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    words |= {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return frozenset(
        (service, operations(service)[method])
        for service in services(tree, by)
        for method in words & set(operations(service))
    )


def called_in(path: Path, by: str | None = None) -> set[str]:
    """Return the IAM actions of every operation that a module names of a service it reaches."""
    return {
        action
        for service, operation in operations_in(path, by)
        for action in iam_actions({"service": service, "action": operation})
    }


def sources() -> list[Path]:
    """Return every module of the functions."""
    return sorted(FUNCTIONS.rglob("*.py"))


@cache
def imports() -> grimp.ImportGraph:
    """Return which module of ours imports which."""
    return grimp.build_graph("cfn_mlflow", exclude_type_checking_imports=True, cache_dir=None)


def modules(type_name: str) -> set[str]:
    """Return the modules that a type's entry module imports, and those that they import."""
    found: set[str] = set()
    for node in ast.walk(parsed(FUNCTIONS / f"{HANDLERS[type_name]}.py")):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cfn_mlflow."):
            found |= {str(node.module), *imports().find_upstream_modules(str(node.module))}
    return found


def called(type_name: str, by: str | None = None) -> set[str]:
    """Return the IAM actions that a type's source can ask for."""
    files = [FUNCTIONS / f"{name.replace('.', '/')}.py" for name in modules(type_name)]
    found = {action for path in files if path.is_file() for action in called_in(path, by)}
    return found - {action for of, action in CALLED_ONLY_BY_ANOTHER_TYPE if of == type_name}


def allowed(type_name: str) -> set[str]:
    """Return the IAM actions that a type's two roles allow."""
    return {action for role in roles_of(type_name) for action in allowed_by(role)}


def allowed_by(role: str) -> set[str]:
    """Return the IAM actions that a role allows."""
    return {
        action
        for found in statements_of_role(role)
        if found.effect == "Allow"
        for action in found.actions
    }


def explained(type_name: str) -> set[str]:
    """Return what a type's calls ask for, beside themselves too."""
    calls = called(type_name)
    return calls | {name for action in calls for name in beside(action)} | set(WITHOUT_A_CALL)


def test_the_source_is_understood() -> None:
    assert {"s3:CreateBucket", "ssm:PutParameter"} <= called("MLflowBucket")
    assert {"rds:CreateDBCluster", "rds-data:ExecuteStatement"} <= called("MLflowDatabase")
    assert {"ecs:RunTask", "elasticloadbalancing:CreateListener"} <= called("MLflowService")
    assert "s3:CreateBucket" not in called("MLflowDatabase")
    assert "lambda:InvokeFunction" in called("MLflowSchema", "own_client")
    assert "lambda:InvokeFunction" not in called("MLflowSchema", "client")


@pytest.mark.parametrize("type_name", TYPES)
def test_every_call_in_the_session_of_a_stack_is_allowed_to_the_working_role(
    type_name: str,
) -> None:
    assert not called(type_name, "client") - allowed_by(f"{type_name}WorkRole")


@pytest.mark.parametrize("type_name", TYPES)
def test_every_call_of_the_function_itself_is_allowed_to_its_own_role(type_name: str) -> None:
    assert not called(type_name, "own_client") - allowed_by(f"{type_name}Role")


@pytest.mark.parametrize("function", WORKING)
def test_a_functions_own_role_touches_nothing_of_a_stack(function: str) -> None:
    """It looks, hands on, publishes its metric and takes the working role; no more.

    The deployer's key is for its environment and its letters.
    """
    allowed = {
        action
        for found in statements_of_role(f"{function}Role")
        if found.effect == "Allow" and found.resources != OWN_KEY
        for action in found.actions
    }
    writing = {action for action in allowed if not READS.match(action)}
    assert writing <= {
        "cloudwatch:PutMetricData",
        "lambda:InvokeFunction",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:SendMessage",
        "sts:AssumeRole",
        "sts:TagSession",
    }
    looking = allowed - writing
    assert {a.split(":")[0] for a in looking} <= {"cloudformation", "events", "rds"}


def test_every_call_of_what_rotation_alone_uses_is_allowed_to_it() -> None:
    others = {name for type_name in TYPES for name in modules(type_name)}
    own = modules("Rotation") - others
    files = [FUNCTIONS / f"{name.replace('.', '/')}.py" for name in own]
    calls = {action for path in files if path.is_file() for action in called_in(path)}
    assert {"ecs:UpdateService", "secretsmanager:PutSecretValue", "tag:GetResources"} <= calls
    assert not calls - allowed("Rotation")


def test_rotation_has_no_right_that_nothing_asks_for() -> None:
    assert not allowed("Rotation") - explained("Rotation")


@pytest.mark.parametrize("type_name", TYPES)
def test_no_right_is_given_that_nothing_asks_for(type_name: str) -> None:
    assert not allowed(type_name) - explained(type_name)
