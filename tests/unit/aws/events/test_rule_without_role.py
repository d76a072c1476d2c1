"""A rule of 0.1, which has no role: believed only if it is there and sends this very event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.aws.events.rule_without_role import tags_of_rule_that_says
from cfn_mlflow.outcome import PermanentError, TemporaryError
from tests.support.objects.service_kit import boto, owner
from tests.support.objects.two_databases import make_rule

pytestmark = pytest.mark.usefixtures("aws")

EVENT = {"DatabaseClusterId": "mlflow-database-abcdefghij", "BySchedule": True}
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-Rotation"
ROLE = "arn:aws:iam::123456789012:role/theirs"


def told(**target: str) -> Any:
    """Return the tags of a rule that is made with this target."""
    rule = make_rule(owner(), "rotation", "Rotation", EVENT, **target)
    return tags_of_rule_that_says(EVENT, rule, FUNCTION)


def test_rule_that_sends_the_event_to_the_function_tells_whose_it_is() -> None:
    assert told() == owner().tags


@pytest.mark.parametrize(
    "target",
    [
        {"RoleArn": ROLE},
        {"Input": json.dumps({**EVENT, "DatabaseClusterId": "another"})},
        {"Input": "no JSON"},
        {"Arn": f"{FUNCTION}:operator"},
    ],
    ids=str,
)
def test_rule_that_sends_anything_else_is_not_believed(target: dict[str, str]) -> None:
    assert told(**target) is None


def test_rule_that_is_switched_off_is_not_believed() -> None:
    rule = make_rule(owner(), "rotation", "Rotation", EVENT)
    boto("events").disable_rule(Name=rule)
    assert tags_of_rule_that_says(EVENT, rule, FUNCTION) is None


def test_rule_that_is_not_there_is_not_believed() -> None:
    assert tags_of_rule_that_says(EVENT, "mlflow-rotation-abcdefghij", FUNCTION) is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ThrottlingException", TemporaryError), ("AccessDeniedException", PermanentError)],
)
def test_rule_that_cannot_be_looked_up_is_no_rule_that_is_not_there(
    code: str, kind: type[Exception]
) -> None:
    client: Any = own_client("events")
    with Stubber(client) as stub:
        stub.add_client_error("describe_rule", code, "as EventBridge says it")
        with pytest.raises(kind):
            tags_of_rule_that_says(EVENT, "mlflow-rotation-abcdefghij", FUNCTION)
