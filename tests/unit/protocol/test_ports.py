"""The two ports as AWS fills them: what CloudFormation says of a resource, Lambda's hand-off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.cloudformation import StackResource, Stacks
from cfn_mlflow.aws.functions import Functions
from cfn_mlflow.aws.session import client, forget_clients
from cfn_mlflow.outcome import PermanentError, TemporaryError


@pytest.fixture(autouse=True)
def an_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    forget_clients()
    yield
    forget_clients()


def test_a_resources_status_and_since_when_are_told() -> None:
    since = datetime(2026, 11, 24, 12, tzinfo=UTC)
    detail = {
        "LogicalResourceId": "MLflow",
        "ResourceType": "Custom::MLflow",
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "LastUpdatedTimestamp": since,
    }
    asked = {"StackName": "arn:stack", "LogicalResourceId": "MLflow"}
    with Stubber(client("cloudformation")) as stub:
        stub.add_response("describe_stack_resource", {"StackResourceDetail": detail}, asked)

        found = Stacks().resource_state("arn:stack", "MLflow")

    assert found == StackResource("CREATE_IN_PROGRESS", since.timestamp())


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


def events_of(*pages: list[dict[str, Any]], more: str | None = None) -> list[StackResource]:
    """Return what the port makes of these pages, each of which must be asked for."""
    with Stubber(client("cloudformation")) as stub:
        asked: dict[str, Any] = {"StackName": "arn:stack"}
        for number, page in enumerate(pages, 1):
            token = f"page {number + 1}" if number < len(pages) else more
            answer = {"StackEvents": page, **({"NextToken": token} if token else {})}
            stub.add_response("describe_stack_events", answer, asked)
            asked = {"StackName": "arn:stack", "NextToken": token}
        found = Stacks().resource_events("arn:stack", "MLflow", AFTER.timestamp())
        stub.assert_no_pending_responses()
    return found


def test_a_resources_events_are_told_the_newest_first_without_those_of_others() -> None:
    found = events_of(
        [an_event("UPDATE_IN_PROGRESS", 60), an_event("UPDATE_COMPLETE", 50, of="Topic")],
        [an_event("UPDATE_FAILED", 40.5)],
    )

    assert found == [
        StackResource("UPDATE_IN_PROGRESS", AFTER.timestamp() + 60),
        StackResource("UPDATE_FAILED", AFTER.timestamp() + 40.5),
    ]


def test_pages_are_asked_for_only_as_far_back_as_the_time_given() -> None:
    found = events_of(
        [an_event("UPDATE_IN_PROGRESS", 60)],
        [an_event("UPDATE_FAILED", 1), an_event("UPDATE_COMPLETE", 0)],
        more="a page of older ones, for which the stub has no answer",
    )

    assert [event.status for event in found] == ["UPDATE_IN_PROGRESS", "UPDATE_FAILED"]


def test_an_older_event_of_another_resource_ends_the_search_as_well() -> None:
    assert events_of([an_event("CREATE_COMPLETE", -1, of="Topic")], more="older ones") == []


def test_a_stack_named_like_its_resource_is_not_taken_for_it() -> None:
    assert events_of([an_event("UPDATE_COMPLETE", 9, PhysicalResourceId="arn:stack")]) == []


@pytest.mark.parametrize(
    ("code", "kind"), [("Throttling", TemporaryError), ("AccessDenied", PermanentError)]
)
def test_events_that_are_not_told_are_one_of_the_two_kinds(
    code: str, kind: type[Exception]
) -> None:
    with Stubber(client("cloudformation")) as stub:
        stub.add_client_error("describe_stack_events", code, "as CloudFormation says it")
        with pytest.raises(kind):
            Stacks().resource_events("arn:stack", "MLflow", AFTER.timestamp())


def test_a_hand_off_is_an_asynchronous_invocation_with_the_payload_as_it_is() -> None:
    with Stubber(client("lambda")) as stub:
        stub.add_response(
            "invoke",
            {"StatusCode": 202},
            {"FunctionName": "cfn-mlflow-MLflow", "InvocationType": "Event", "Payload": b"{}"},
        )
        Functions().invoke("cfn-mlflow-MLflow", b"{}")
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyRequestsException", TemporaryError),
        ("ServiceException", TemporaryError),
        ("ResourceConflictException", TemporaryError),
        ("AccessDeniedException", PermanentError),
        ("RequestTooLargeException", PermanentError),
        ("ResourceNotFoundException", PermanentError),
    ],
)
def test_what_lambda_answers_is_one_of_the_two_kinds(code: str, kind: type[Exception]) -> None:
    with Stubber(client("lambda")) as stub:
        stub.add_client_error("invoke", code, "as Lambda says it")
        with pytest.raises(kind):
            Functions().invoke("cfn-mlflow-MLflow", b"{}")
