"""What CloudFormation says of a resource and of its events, as the guard asks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.cloudformation.stack import ListedEvent, StackResource, Stacks
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from tests.support.codes import failing

pytestmark = pytest.mark.usefixtures("aws")


SINCE = datetime(2026, 11, 24, 12, tzinfo=UTC)


def state_told(**changes: str) -> StackResource | None:
    """Return what the port makes of a resource that CloudFormation tells, with these changes."""
    detail = {
        "StackId": "arn:stack",
        "LogicalResourceId": "MLflow",
        "ResourceType": "Custom::MLflow",
        "PhysicalResourceId": "mlflow-tracking",
        "ResourceStatus": "UPDATE_IN_PROGRESS",
        "LastUpdatedTimestamp": SINCE,
        **changes,
    }
    asked = {"StackName": "arn:stack", "LogicalResourceId": "MLflow"}
    with Stubber(client("cloudformation")) as stub:
        stub.add_response("describe_stack_resource", {"StackResourceDetail": detail}, asked)
        return Stacks().resource_state("arn:stack", "MLflow")


def test_a_resources_status_and_since_when_are_told() -> None:
    assert state_told() == StackResource(
        "UPDATE_IN_PROGRESS", SINCE.timestamp(), "mlflow-tracking", "Custom::MLflow"
    )


@pytest.mark.parametrize("name", ["StackId", "LogicalResourceId"])
def test_a_resource_that_is_told_under_another_id_is_not_the_one_asked_for(name: str) -> None:
    """The id in a request gives the stack's name: a made-up one may have only the GUID right."""
    with pytest.raises(PermanentError, match="another"):
        state_told(**{name: "another"})


def test_the_events_of_another_stack_are_not_those_asked_for() -> None:
    with failing(Reason.RequestNotConfirmed, match="another id"):
        events_of([an_event("UPDATE_IN_PROGRESS", 60, StackId="arn:another")])


def said_by_cloudformation(code: str, message: str) -> StackResource | None:
    with Stubber(client("cloudformation")) as stub:
        stub.add_client_error("describe_stack_resource", code, message)
        return Stacks().resource_state("arn:stack", "Topic")


@pytest.mark.parametrize(
    "message",
    ["Stack 'arn' does not exist", "Resource Topic does not exist for stack tracking"],
)
def test_what_cloudformation_says_of_the_absent_is_understood(message: str) -> None:
    assert said_by_cloudformation("ValidationError", message) is None


def test_another_validation_error_is_not_taken_for_absence() -> None:
    with pytest.raises(PermanentError, match="ValidationError"):
        said_by_cloudformation("ValidationError", "1 validation error detected")


def test_throttling_is_temporary_and_a_denial_permanent() -> None:
    with pytest.raises(TemporaryError):
        said_by_cloudformation("Throttling", "Rate exceeded")
    with pytest.raises(PermanentError, match="not allowed"):
        said_by_cloudformation("AccessDenied", "no identity-based policy allows it")


AFTER = datetime(2026, 11, 24, 12, tzinfo=UTC)


def an_event(status: str, seconds: float, of: str = "MLflow", **more: str) -> dict[str, Any]:
    return {
        "StackId": "arn:stack",
        "EventId": f"{of}-{status}-{seconds}",
        "StackName": "tracking",
        "LogicalResourceId": of,
        "PhysicalResourceId": "mlflow-tracking",
        "ResourceStatus": status,
        "Timestamp": AFTER + timedelta(seconds=seconds),
        **more,
    }


PROPERTIES = '{"VpcId":"vpc-1"}'


def events_of(*pages: list[dict[str, Any]], wanted: int = 99) -> list[ListedEvent]:
    """Return what the port makes of these pages, each of which must be asked for."""
    with Stubber(client("cloudformation")) as stub:
        asked: dict[str, Any] = {"StackName": "arn:stack"}
        for number, page in enumerate(pages, 1):
            token = f"page {number + 1}" if number < len(pages) or wanted < 99 else None
            answer = {"StackEvents": page, **({"NextToken": token} if token else {})}
            stub.add_response("describe_stack_events", answer, asked)
            asked = {"StackName": "arn:stack", "NextToken": token}
        found = list(islice(Stacks().events("arn:stack", "MLflow"), wanted))
        stub.assert_no_pending_responses()
    return found


def test_a_resources_events_are_told_the_newest_first_without_those_of_others() -> None:
    found = events_of(
        [
            an_event("UPDATE_IN_PROGRESS", 60, ResourceProperties=PROPERTIES),
            an_event("UPDATE_COMPLETE", 50, of="Topic"),
        ],
        [an_event("UPDATE_FAILED", 40.5)],
    )

    began = AFTER.timestamp()
    assert found == [
        ListedEvent(
            "UPDATE_IN_PROGRESS",
            began + 60,
            "mlflow-tracking",
            of_stack=False,
            properties=PROPERTIES,
        ),
        ListedEvent("UPDATE_FAILED", began + 40.5, "mlflow-tracking"),
    ]


def test_a_page_of_events_is_asked_for_only_when_it_is_needed() -> None:
    found = events_of([an_event("UPDATE_IN_PROGRESS", 60)], wanted=1)

    assert [event.status for event in found] == ["UPDATE_IN_PROGRESS"]


OF_THE_STACK = {"PhysicalResourceId": "arn:stack", "ResourceType": "AWS::CloudFormation::Stack"}


def test_events_of_a_stack_named_like_the_resource_are_told_as_the_stacks_own() -> None:
    found = events_of(
        [
            an_event("UPDATE_COMPLETE", 9, **OF_THE_STACK),
            an_event("UPDATE_IN_PROGRESS", 8, of="tracking", **OF_THE_STACK),
        ]
    )

    assert [(event.status, event.of_stack) for event in found] == [
        ("UPDATE_COMPLETE", True),
        ("UPDATE_IN_PROGRESS", True),
    ]


def test_a_custom_resource_that_has_the_stacks_id_for_its_own_is_not_the_stack() -> None:
    answered = {**OF_THE_STACK, "ResourceType": "Custom::Another"}
    nested = {**OF_THE_STACK, "PhysicalResourceId": "arn:nested"}

    found = events_of(
        [
            an_event("UPDATE_FAILED", 9, of="Another", **answered),
            an_event("UPDATE_FAILED", 8, of="Nested", **nested),
            an_event("UPDATE_FAILED", 7, **answered),
        ]
    )

    assert [event.of_stack for event in found] == [False]


@pytest.mark.parametrize(
    ("code", "kind"), [("Throttling", TemporaryError), ("AccessDenied", PermanentError)]
)
def test_events_that_are_not_told_are_one_of_the_two_kinds(
    code: str, kind: type[Exception]
) -> None:
    with Stubber(client("cloudformation")) as stub:
        stub.add_client_error("describe_stack_events", code, "as CloudFormation says it")
        with pytest.raises(kind):
            list(Stacks().events("arn:stack", "MLflow"))
