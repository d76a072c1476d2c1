from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.cloudformation.delivery import RefusedError, UndeliveredError
from cfn_mlflow.cloudformation.serve import UnfinishedError
from cfn_mlflow.outcome import (
    Done,
    Failed,
    InvalidProperties,
    PermanentError,
    TemporaryError,
    Waiting,
)
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    LOG_GROUP,
    LOG_STREAM,
    LOGICAL_ID,
    SECRET,
    STACK_ID,
    FakeStack,
    LookedError,
    World,
    outcomes,
    signed_url,
    state,
)


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_finished_request_is_answered_with_all_it_came_with(
    world: World, request_type: str
) -> None:
    event = world.event(request_type)

    world.handle(event)

    answer = world.answers.only
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == IDENTITY.physical_id
    assert answer["StackId"] == STACK_ID
    assert answer["RequestId"] == event["RequestId"]
    assert answer["LogicalResourceId"] == LOGICAL_ID
    assert answer["NoEcho"] is False
    assert f"(log stream {LOG_STREAM} of {LOG_GROUP})" in answer["Reason"]
    assert answer["Data"] == ({} if request_type == "Delete" else {"Name": "value"})


def test_the_answer_is_put_as_cloudformation_signed_it(world: World) -> None:
    world.handle(world.event())

    ((path, headers),) = world.answers.requests
    assert signed_url().endswith(path)
    assert headers["Content-Type"] == ""
    assert headers["Content-Length"] == str(len(world.answers.bodies[0]))


def test_a_request_waits_in_its_invocation_until_it_is_done(world: World) -> None:
    world.converge = outcomes(Waiting({"cluster": "creating"}), Waiting({}), Done({"Id": "c"}))

    world.handle(world.event())

    assert world.answers.only["Data"] == {"Id": "c"}
    assert len(world.time.slept) == 2
    assert world.functions.payloads == []


def test_looks_come_every_2_to_10_seconds_and_quickly_after_a_change(world: World) -> None:
    still = [Waiting({"cluster": "creating"})] * 7
    world.converge = outcomes(*still, Waiting({"cluster": "available"}), Done({}))

    world.handle(world.event())

    assert world.time.slept[0] == 2
    assert world.time.slept[:7] == sorted(world.time.slept[:7])
    assert max(world.time.slept) == 10
    assert world.time.slept[7] == 2


def test_an_invalid_property_is_answered_once_cloudformation_has_confirmed_the_request(
    world: World,
) -> None:
    def prepare(*_: object) -> Any:
        raise InvalidProperties(["Engin: unknown", "MinCapacity: not a number"])

    world.prepare, world.stack = prepare, FakeStack([state("CREATE_IN_PROGRESS")])

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert "Engin: unknown; MinCapacity: not a number" in world.answers.only["Reason"]
    assert (world.stack.asked, world.stack.asked_for_events) == (1, 1)


def test_nothing_is_undone_for_an_invalid_property(world: World) -> None:
    def prepare(*_: object) -> Any:
        raise InvalidProperties(["Engin: unknown"])

    def give_up(*_: object) -> None:
        raise LookedError("undid something")

    world.prepare, world.give_up = prepare, give_up

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"


def test_every_fault_of_the_properties_is_in_the_log_even_if_the_answer_has_no_room(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    faults = [f"Property{number}: " + "wrong " * 20 for number in range(19)]

    def prepare(*_: object) -> Any:
        raise InvalidProperties(faults)

    world.prepare = prepare

    world.handle(world.event())

    assert "and 5 more, see the log (log stream" in world.answers.only["Reason"]
    assert [line["faults"] for line in lines() if "faults" in line] == [faults]


def test_a_failure_is_answered_with_its_reason_and_the_id_for_life(world: World) -> None:
    world.converge = outcomes(Failed("The cluster is incompatible-network."))

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["Reason"].startswith("The cluster is incompatible-network.")
    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id


def test_a_permanent_error_of_a_look_is_its_failure(world: World) -> None:
    world.converge = outcomes(Waiting({"a": "b"}), PermanentError("No such key. Make one."))

    world.handle(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert world.answers.only["Reason"].startswith("No such key. Make one.")


def test_a_temporary_error_is_looked_at_again_and_forgets_nothing_waited_for(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    waiting = Waiting({"cluster": "creating"})
    throttled = TemporaryError("AWS asks to slow down (Throttling)")
    world.converge = outcomes(waiting, throttled, waiting, Done({}))

    world.handle(world.event())

    told = [line["message"] for line in lines()]
    assert "another try: AWS asks to slow down (Throttling), 0 s" in told
    assert told.count("cluster: creating, 0 s") == 1
    assert world.answers.only["Status"] == "SUCCESS"


def test_an_unexpected_error_may_pass_twice(world: World) -> None:
    world.converge = outcomes(KeyError("x"), ValueError("y"), Done({}))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_unexpected_errors_count_only_in_a_row(world: World) -> None:
    error, waiting = KeyError("x"), Waiting({"a": "b"})
    world.converge = outcomes(error, error, waiting, error, error, waiting, error, Done({}))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_three_unexpected_errors_fail_by_type_and_keep_their_text_to_the_log(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.converge = outcomes(ValueError("password=hunter2"))

    world.handle(world.event())

    reason = world.answers.only["Reason"]
    assert world.answers.only["Status"] == "FAILED"
    assert "ValueError" in reason
    assert LOG_STREAM in reason
    assert "hunter2" not in reason
    assert "Traceback" not in reason
    assert [line for line in lines() if "ValueError" in line.get("exception", "")]


def test_an_unexpected_error_while_preparing_fails_after_three_tries(world: World) -> None:
    def prepare(*_: object) -> Any:
        tries.append("")
        raise RuntimeError(SECRET)

    tries: list[str] = []
    world.prepare = prepare

    world.handle(world.event())

    assert len(tries) == 3
    assert "RuntimeError" in world.answers.only["Reason"]
    assert SECRET not in world.answers.only["Reason"]


def test_neither_the_url_nor_a_property_is_in_the_log(
    world: World, written: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    world.timeout = 4
    world.converge = outcomes(Waiting({"a": "b"}), TemporaryError("t"), ValueError("v"), Done({}))
    world.answers.statuses = [500]

    world.deliver(world.event("Update"))

    everything = written.getvalue() + caplog.text
    assert world.answers.all[-1]["Status"] == "SUCCESS"
    for secret in (SECRET, "X-Amz-Signature", "5161a7e5", "cfn-response", "%7CMLflow"):
        assert secret not in everything


def test_every_line_is_json_that_begins_with_the_message_and_names_the_request(
    world: World, written: io.StringIO
) -> None:
    world.handle(world.event())

    raw = written.getvalue().splitlines()
    assert raw
    for line in raw:
        assert line.startswith('{"message":')
        fields = json.loads(line)
        assert fields["stack"] == "tracking"
        assert fields["stack_id"] == STACK_ID
        assert fields["logical_id"] == LOGICAL_ID
        assert fields["request_id"] == world.event()["RequestId"]
        assert fields["level"] == "INFO"


def test_a_delete_needs_no_valid_properties(world: World) -> None:
    def prepare(*_: object) -> Any:
        raise InvalidProperties(["never asked"])

    world.prepare = prepare

    world.handle(world.event("Delete", ResourceProperties={"Nonsense": ["x"]}))

    assert world.answers.only["Status"] == "SUCCESS"


def test_another_types_request_is_refused_by_name(world: World) -> None:
    world.stack = FakeStack([state("CREATE_IN_PROGRESS")], type="Custom::MLflowBucket")

    world.handle(world.event(ResourceType="Custom::MLflowBucket"))

    assert world.answers.only["Status"] == "FAILED"
    assert "Custom::MLflow, not of Custom::MLflowBucket" in world.answers.only["Reason"]
    assert world.seen == []


def test_another_types_delete_succeeds_only_when_nothing_is_owned(world: World) -> None:
    world.remove = outcomes(Waiting({"bucket": "deleting"}), Done({}))

    world.handle(world.event("Delete", ResourceType="Custom::Unknown"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert len(world.seen) == 1


def test_a_template_may_name_the_type_as_any_custom_resource(world: World) -> None:
    any_type = "AWS::CloudFormation::CustomResource"
    world.stack = FakeStack([state("CREATE_IN_PROGRESS")], type=any_type)

    world.handle(world.event(ResourceType=any_type))

    assert world.answers.only["Status"] == "SUCCESS"


def test_an_update_answers_with_the_id_it_came_with(world: World) -> None:
    world.handle(world.event("Update", PhysicalResourceId="made-elsewhere"))

    assert world.answers.only["PhysicalResourceId"] == "made-elsewhere"


def test_a_refused_answer_is_an_error_of_the_invocation_and_is_sent_once(world: World) -> None:
    world.answers.statuses = [403, 200]

    with pytest.raises(RefusedError, match="403"):
        world.handle(world.event())

    assert len(world.answers.bodies) == 1


def test_an_undeliverable_answer_is_an_error_of_the_invocation(world: World) -> None:
    world.answers.statuses = [503] * 20

    with pytest.raises(UndeliveredError, match="503"):
        world.handle(world.event())


def test_a_hand_off_that_lambda_never_takes_is_an_error_of_the_invocation(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    world.functions.errors = [TemporaryError("throttled")] * 3

    with pytest.raises(UnfinishedError):
        world.handle(world.event())

    assert world.answers.bodies == []


def test_a_hand_off_that_is_not_allowed_is_a_failure_that_says_so(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    world.functions.errors = [PermanentError("Invoke is not allowed: no policy")]

    world.handle(world.event())

    assert "Invoke is not allowed: no policy" in world.answers.only["Reason"]
