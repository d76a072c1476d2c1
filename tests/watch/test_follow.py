"""An operation is followed to its end, and its end is told with what made it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, EndpointConnectionError

from cfn_mlflow_watch.cloudformation import NoStackError
from cfn_mlflow_watch.follow import Watch
from cfn_mlflow_watch.items import Began, Ended, Event, Item, Line, Notice
from tests.support.watch.recorded import LOG_GROUP, NESTED, ROOT, Recorded, refusal
from tests.support.watch.stories import (
    back,
    begun,
    made,
    nested_begins,
    nested_fails,
    nothing,
    update_rolls_back,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "watching.md"


def watch(story: Recorded, **options: Any) -> list[Item]:
    client: Any = story
    return list(Watch(client, client, sleep=story.pause, **options).items("tracking"))


def ended(items: list[Item]) -> Ended:
    last = items[-1]
    assert isinstance(last, Ended)
    return last


def told(items: list[Item]) -> list[str]:
    return [
        f"{item.path} {item.status if isinstance(item, Event) else item.message}"
        for item in items
        if isinstance(item, Event | Line)
    ]


def test_a_create_is_told_in_the_order_of_time_each_thing_once() -> None:
    items = watch(Recorded(begun, nothing, made, nothing))

    assert isinstance(items[0], Began)
    assert told(items) == [
        "tracking CREATE_IN_PROGRESS",
        "MLflow CREATE_IN_PROGRESS",
        "MLflow database cluster: creating, 0 s",
        "MLflow database cluster: done, 4 s",
        "MLflow CREATE_COMPLETE",
        "tracking CREATE_COMPLETE",
    ]
    assert ended(items).succeeded
    assert ended(items).stack.outputs == {"TrackingUri": "http://tracking.example"}


def test_failed_update_is_followed_through_its_rollback_and_names_what_failed() -> None:
    end = ended(watch(Recorded(update_rolls_back, back, nothing)))

    assert not end.succeeded
    assert end.stack.status == "UPDATE_ROLLBACK_COMPLETE"
    (cause,) = end.causes
    assert (cause.path, cause.log_group) == ("MLflow", LOG_GROUP)
    assert cause.reason == "[ImageNotPullable] ECS service: no such image. Name it."
    assert "as it was before the update" in end.next_step


def test_a_nested_stack_is_read_too_and_its_own_resource_is_the_cause() -> None:
    items = watch(Recorded(nested_begins, nested_fails, nothing))

    assert "Inner/MLflow CREATE_FAILED" in told(items)
    (cause,) = ended(items).causes
    assert (cause.path, cause.reason) == ("Inner/MLflow", "VpcId: no such VPC.")
    assert ended(items).time == max(item.time for item in items if isinstance(item, Event))


def test_events_of_one_id_in_two_stacks_are_two_events() -> None:
    def twins(story: Recorded) -> None:
        nested_begins(story)
        # As CloudFormation makes them, of the logical id, the status and the time.
        same = "Vpc-CREATE_COMPLETE-2026-03-01T12:00:05.000Z"
        story.event("Vpc", "CREATE_COMPLETE", event_id=same)
        story.event("Vpc", "CREATE_COMPLETE", event_id=same, within=NESTED)

    items = watch(Recorded(twins, lambda story: story.stack("CREATE_COMPLETE"), nothing))

    assert {"Vpc CREATE_COMPLETE", "Inner/Vpc CREATE_COMPLETE"} <= set(told(items))


def test_what_failed_in_the_rollback_stands_behind_the_first_cause() -> None:
    def stuck(story: Recorded) -> None:
        story.event("MLflow", "UPDATE_FAILED", "the image is gone")
        story.stack("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed: [MLflow].")

    end = ended(watch(Recorded(update_rolls_back, stuck, nothing)))

    reasons = [cause.reason for cause in end.causes]
    assert reasons == [
        "[ImageNotPullable] ECS service: no such image. Name it.",
        "the image is gone",
    ]
    assert "continue-update-rollback --stack-name tracking" in end.next_step


def test_a_rollback_that_is_continued_to_its_end_succeeds() -> None:
    def failed_before(story: Recorded) -> None:
        update_rolls_back(story)
        story.stack("UPDATE_ROLLBACK_FAILED")
        story.stack("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")

    items = watch(Recorded(failed_before, back, nothing))

    assert told(items)[0] == "tracking UPDATE_ROLLBACK_IN_PROGRESS"
    assert (ended(items).operation, ended(items).succeeded) == ("rollback", True)


def test_a_stack_at_rest_tells_its_last_end_at_once() -> None:
    def twice(story: Recorded) -> None:
        begun(story)
        made(story)
        update_rolls_back(story)
        back(story)

    (only,) = watch(Recorded(twice))

    assert isinstance(only, Ended)
    assert only.operation == "update"
    assert [cause.path for cause in only.causes] == ["MLflow"]


def test_a_failed_stack_at_rest_names_every_fault_that_the_log_has() -> None:
    def mistaken(story: Recorded) -> None:
        story.stack("CREATE_IN_PROGRESS")
        story.event("MLflow", "CREATE_IN_PROGRESS")
        story.line("All 2 faults", level="ERROR", faults=["VpcId: missing", "Tag: too long"])
        story.event("MLflow", "CREATE_FAILED", "VpcId: missing; and 1 more")
        story.stack("ROLLBACK_COMPLETE")

    (only,) = watch(Recorded(mistaken))

    (cause,) = ended([only]).causes
    assert cause.faults == ("VpcId: missing", "Tag: too long")


def test_a_stack_that_is_not_there_is_an_error_or_waited_for() -> None:
    with pytest.raises(NoStackError):
        watch(Recorded(nothing))

    items = watch(Recorded(nothing, nothing, begun, made, nothing), wait_for_start=True)

    assert items[0] == Notice("There is no stack tracking yet: waiting for it.")
    assert ended(items).succeeded


def test_a_stack_at_rest_can_be_watched_from_its_next_operation_on() -> None:
    def both(story: Recorded) -> None:
        begun(story)
        made(story)

    story = Recorded(both, nothing, update_rolls_back, back, nothing)

    items = watch(story, wait_for_start=True)

    assert "waiting for its next operation" in str(items[0])
    assert told(items)[0] == "tracking UPDATE_IN_PROGRESS"
    assert not ended(items).succeeded


def test_an_operation_that_is_over_before_the_next_look_is_told_whole() -> None:
    def both(story: Recorded) -> None:
        begun(story)
        made(story)

    def whole(story: Recorded) -> None:
        update_rolls_back(story)
        back(story)

    items = watch(Recorded(both, whole, nothing), wait_for_start=True)

    assert told(items)[0] == "tracking UPDATE_IN_PROGRESS"
    assert told(items)[-1] == "tracking UPDATE_ROLLBACK_COMPLETE"


def test_events_that_come_later_than_the_status_are_waited_for() -> None:
    def status_first(story: Recorded) -> None:
        story.statuses[ROOT] = "CREATE_COMPLETE"

    items = watch(Recorded(begun, status_first, nothing, made, nothing))

    assert told(items)[-1] == "tracking CREATE_COMPLETE"


def test_another_stack_of_the_same_name_is_not_mixed_in() -> None:
    def with_a_line_of_an_older_stack(story: Recorded) -> None:
        begun(story)
        story.line("of the stack before", stack_id=ROOT + "-before")

    items = watch(Recorded(with_a_line_of_an_older_stack, made, nothing))

    assert not any("of the stack before" in one for one in told(items))


def test_a_log_that_may_not_be_read_is_said_once_and_the_events_go_on() -> None:
    story = Recorded(begun, nothing, made, nothing)
    story.refused["filter_log_events"] = [refusal("AccessDeniedException")] * 9

    items = watch(story)

    (notice,) = [item.words for item in items if isinstance(item, Notice)]
    assert "logs:FilterLogEvents" in notice
    assert LOG_GROUP in notice
    assert ended(items).succeeded


def test_throttling_is_waited_out_longer_each_time_and_nothing_is_lost() -> None:
    story = Recorded(begun, nothing, nothing, nothing, made, nothing)
    story.refused["filter_log_events"] = [refusal("ThrottlingException")] * 3

    items = watch(story, pause=1)

    assert len([item for item in items if isinstance(item, Notice)]) == 1
    assert "MLflow CREATE_IN_PROGRESS" in told(items)
    assert ended(items).succeeded
    assert story.seconds == 1 + 2 + 4 + 1 + 1


BUSY = [refusal("Throttling"), EndpointConnectionError(endpoint_url="https://x")]


def test_what_passes_while_an_operation_is_waited_for_does_not_end_the_watch() -> None:
    def both(story: Recorded) -> None:
        begun(story)
        made(story)
        # The first look is let through.
        story.refused["describe_stack_events"] = list(BUSY)

    story = Recorded(both, nothing, nothing, nothing, update_rolls_back, back, nothing)

    items = watch(story, wait_for_start=True)

    assert ended(items).stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [type(item) for item in items[:2]] == [Notice, Notice]


def test_what_passes_while_a_stack_is_waited_for_does_not_end_the_watch() -> None:
    def busy(story: Recorded) -> None:
        story.refused["describe_stacks"] = list(BUSY)

    story = Recorded(nothing, busy, nothing, nothing, begun, made, nothing)

    assert ended(watch(story, wait_for_start=True)).succeeded


def test_the_first_look_has_no_patience_for_a_wrong_endpoint() -> None:
    def unreached(story: Recorded) -> None:
        story.refused["describe_stacks"] = BUSY[1:]

    with pytest.raises(EndpointConnectionError):
        watch(Recorded(unreached), wait_for_start=True)


@pytest.mark.parametrize("call", ["describe_stack_events", "filter_log_events"])
def test_what_passes_at_the_last_look_does_not_end_the_watch(call: str) -> None:
    def busy(story: Recorded) -> None:
        story.refused[call] = list(BUSY)

    assert ended(watch(Recorded(begun, made, busy, nothing, nothing))).succeeded


def test_what_passes_while_a_stack_at_rest_is_read_does_not_end_the_watch() -> None:
    def busy(story: Recorded) -> None:
        begun(story)
        made(story)
        story.refused["describe_stack_events"] = list(BUSY)

    notice, end = watch(Recorded(busy, nothing, nothing))

    assert "looking again" in str(notice)
    assert ended([end]).at_rest


def test_credentials_that_expire_end_the_watch() -> None:
    def expired(story: Recorded) -> None:
        story.refused["describe_stacks"] = [refusal("ExpiredToken")]

    with pytest.raises(ClientError, match="ExpiredToken"):
        watch(Recorded(begun, expired))


def test_the_function_is_found_by_the_service_token_of_the_event() -> None:
    def of_another_provider(story: Recorded) -> None:
        story.stack("CREATE_IN_PROGRESS")
        token = "arn:aws:lambda:eu-west-1:123456789012:function:next-MLflowBucket"
        story.event(
            "Artifacts",
            "CREATE_IN_PROGRESS",
            kind="AWS::CloudFormation::CustomResource",
            properties=f'{{"ServiceToken":"{token}"}}',
        )

    def complete(story: Recorded) -> None:
        story.stack("CREATE_COMPLETE")

    story = Recorded(of_another_provider, complete, nothing)
    watch(story)

    groups = {asked.get("logGroupName") for _, asked in story.asked} - {None}
    assert groups == {"/aws/lambda/next-MLflowBucket"}


def test_the_calls_that_are_made_are_those_that_the_page_of_rights_allows() -> None:
    story = Recorded(nested_begins, nested_fails, nothing)
    watch(story)

    (policy,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    actions = re.findall(r'"(?:cloudformation|logs):(\w+)"', policy)
    allowed = {xform_name(action) for action in actions}
    assert {operation for operation, _ in story.asked} == allowed
