"""Whether a stack rolls back, and the command by which its rollback goes on."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cfn_mlflow.aws.cloudformation.rollback import continue_without, is_rolling_back
from cfn_mlflow.aws.core import session
from tests.support.beside_moto.stacks import standing
from tests.support.objects.service_kit import STACK

pytestmark = pytest.mark.usefixtures("aws")

COMMAND = "aws cloudformation continue-update-rollback --stack-name"


@pytest.mark.parametrize(
    ("status", "rolls_back"),
    [
        ("UPDATE_IN_PROGRESS", False),
        ("CREATE_IN_PROGRESS", False),
        ("UPDATE_ROLLBACK_IN_PROGRESS", True),
        ("UPDATE_ROLLBACK_FAILED", True),
        ("ROLLBACK_IN_PROGRESS", True),
    ],
)
def test_status_of_a_stack_tells_whether_it_rolls_back(status: str, rolls_back: bool) -> None:
    with standing(status):
        assert is_rolling_back(STACK) is rolls_back


def test_command_of_a_nested_stack_goes_on_from_its_root() -> None:
    with standing("UPDATE_ROLLBACK_FAILED", STACK.replace("/team/", "/platform/")):
        told = continue_without(STACK, "MLflow")
    assert told == f"{COMMAND} platform --resources-to-skip team.MLflow"


def test_stack_that_is_gone_rolls_nothing_back_and_is_still_named() -> None:
    with Stubber(session.client("cloudformation")) as stub:
        for _ in range(2):
            stub.add_client_error(
                "describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist"
            )
        assert not is_rolling_back(STACK)
        assert continue_without(STACK, "MLflow") == f"{COMMAND} team --resources-to-skip MLflow"


def test_answer_that_tells_nothing_is_not_taken_for_a_stack_that_goes_on() -> None:
    with Stubber(session.client("cloudformation")) as stub:
        stub.add_client_error("describe_stacks", "Throttling", "Rate exceeded")
        with pytest.raises(ClientError, match="Throttling"):
            is_rolling_back(STACK)
