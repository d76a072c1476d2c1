"""A request is believed only if CloudFormation asks it of the very function that it came to."""

from __future__ import annotations

import json

import pytest

from tests.support.cloudformation.protocol_kit import (
    FUNCTION_ARN,
    FakeStack,
    LookedError,
    World,
    outcomes,
    state,
)

NAME = FUNCTION_ARN.rpartition(":")[2]
OURS = [
    FUNCTION_ARN,
    f"{FUNCTION_ARN}:live",
    f"{FUNCTION_ARN}:$LATEST",
    NAME,
    f"{NAME}:7",
    f"123456789012:function:{NAME}",
    f"function:{NAME}",
    "****",
    "{{resolve:ssm:/cfn-mlflow/mlflow}}",
]
OTHERS = [
    f"{FUNCTION_ARN}-2",
    FUNCTION_ARN.replace("123456789012", "999999999999"),
    FUNCTION_ARN.replace("eu-west-1", "us-east-1"),
    FUNCTION_ARN.replace("arn:aws:", "arn:aws-cn:"),
    f"999999999999:function:{NAME}",
    "another",
    f"another:{NAME}",
    "arn:aws:sns:eu-west-1:123456789012:cfn-mlflow-MLflow",
    "",
]


def asking_for(token: str, request_type: str) -> FakeStack:
    """Return a stack whose resource names this token, and has an open request."""
    told = json.dumps({"ServiceToken": token})
    return FakeStack([state(f"{request_type.upper()}_IN_PROGRESS")], told=told)


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@pytest.mark.parametrize("token", OURS)
def test_a_token_that_names_the_function_in_any_form_is_its_own(
    world: World, token: str, request_type: str
) -> None:
    world.stack = asking_for(token, request_type)

    world.handle(world.event(request_type, ResourceProperties={"ServiceToken": FUNCTION_ARN}))

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize("request_type", ["Create", "Update"])
@pytest.mark.parametrize("token", OTHERS)
def test_a_resource_of_another_function_changes_nothing(
    world: World, token: str, request_type: str
) -> None:
    world.stack = asking_for(token, request_type)
    world.converge = outcomes(LookedError("changed something"))

    world.handle(world.event(request_type, ResourceProperties={"ServiceToken": FUNCTION_ARN}))

    assert "ServiceToken names another function" in world.answers.only["Reason"]
