"""Every hole that crhelper 2.0.12 was proven to have, closed: one test for each, named after it."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import crhelper
import pytest
from crhelper import utils

from cfn_mlflow.cloudformation.delivery import RefusedError, UndeliveredError
from cfn_mlflow.cloudformation.shell import Shell
from cfn_mlflow.outcome import Done, Failed, TemporaryError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    LOGICAL_ID,
    SECRET,
    SIGNED,
    STACK_ID,
    FakeContext,
    FakeTime,
    World,
    outcomes,
    signed_url,
)


@pytest.fixture(autouse=True)
def nothing_of_crhelper_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No client, no timer, no sleep and no sender of crhelper, in any test of this file."""

    def forbidden(*_: object, **__: object) -> Any:
        raise AssertionError("a part of crhelper ran that must not")

    monkeypatch.setattr(boto3, "client", forbidden)
    monkeypatch.setattr(threading, "Timer", forbidden)
    monkeypatch.setattr(crhelper.resource_helper, "sleep", forbidden)
    monkeypatch.setattr(crhelper.resource_helper, "_send_response", forbidden)
    monkeypatch.setattr(utils, "_send_response", forbidden)
    threads = threading.active_count()
    yield
    assert threading.active_count() <= threads + 1


def helper_of(result: Done | Failed) -> Shell:
    """Return a helper made the way crhelper's users make theirs."""
    helper = Shell(IDENTITY.physical_id)

    @helper.create
    @helper.update
    @helper.delete
    def work(_event: object, _context: object) -> None:
        helper.take(result)

    return helper


def test_a_function_near_its_timeout_answers_once_and_never_with_an_empty_id(world: World) -> None:
    world.timeout = 4
    world.converge = outcomes(*[Waiting({"a": "b"})] * 3, Done({}))

    world.deliver(world.event())

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id


def test_a_create_that_raises_fails_with_the_same_id_every_time_it_is_delivered(
    world: World,
) -> None:
    world.converge = outcomes(ZeroDivisionError())

    world.handle(world.event())
    world.handle(world.event())

    first, second = world.answers.bodies
    assert first == second
    assert json.loads(first)["Status"] == "FAILED"
    assert json.loads(first)["PhysicalResourceId"] == IDENTITY.physical_id


def test_attributes_that_are_not_json_are_answered_with_all_four_echo_fields(world: World) -> None:
    world.converge = outcomes(Done({"Endpoint": object()}))  # type: ignore[dict-item]

    world.handle(world.event())

    answer = world.answers.only
    assert answer["Status"] == "FAILED"
    assert answer["StackId"] == STACK_ID
    assert answer["RequestId"] == world.event()["RequestId"]
    assert answer["LogicalResourceId"] == LOGICAL_ID
    assert answer["PhysicalResourceId"] == IDENTITY.physical_id


def test_an_answer_refused_with_403_is_not_taken_for_delivered(world: World) -> None:
    world.answers.statuses = [403]

    with pytest.raises(RefusedError):
        world.handle(world.event())


def test_an_answer_with_more_than_4096_bytes_of_data_is_never_sent(world: World) -> None:
    world.converge = outcomes(Done({"Important": "kept", "Long": "x" * 5000}))

    world.handle(world.event())

    assert len(world.answers.bodies[0]) <= 4096
    assert world.answers.only["Data"] == {"Important": "kept"}


def test_early_error_in_a_warm_function_is_answered_as_its_own_requests(
    world: World,
) -> None:
    world.handle(world.event())
    world.handle(world.event(RequestType="Nonsense", RequestId="the second", StackId=STACK_ID[:-1]))

    first, second = world.answers.all
    assert first["Status"] == "SUCCESS"
    assert second["Status"] == "FAILED"
    assert second["RequestId"] == "the second"
    assert second["StackId"] == STACK_ID[:-1]
    assert second["PhysicalResourceId"] != first["PhysicalResourceId"]
    assert second["Data"] == {}


def test_a_malformed_event_with_no_url_is_sent_nowhere(world: World) -> None:
    world.handle(world.event())
    world.handle({"RequestType": "Create"})

    assert len(world.answers.bodies) == 1


def test_a_logical_id_of_255_characters_waits_like_any(world: World) -> None:
    world.timeout = 4
    world.converge = outcomes(Waiting({"a": "b"}), Done({}))

    world.deliver(world.event(LogicalResourceId="L" * 255))

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["LogicalResourceId"] == "L" * 255


def test_sending_the_answer_has_an_end(world: World) -> None:
    world.answers.statuses = [500] * 1000

    with pytest.raises(UndeliveredError):
        world.handle(world.event())

    assert len(world.answers.bodies) == 5


def test_waiting_has_a_deadline(world: World) -> None:
    world.converge = outcomes(Waiting({"database instance": "creating"}))

    world.deliver(world.event())

    assert world.answers.only["Status"] == "FAILED"
    assert "database instance (creating)" in world.answers.only["Reason"]
    assert world.time.at <= SIGNED + 3600 - 120 + 10


def test_properties_of_any_size_outlive_an_invocation(world: World) -> None:
    world.timeout = 4
    world.converge = outcomes(Waiting({"a": "b"}), Done({}))

    world.deliver(world.event(ResourceProperties={"Text": "x" * 900_000}))

    assert world.answers.only["Status"] == "SUCCESS"


def test_waiting_changes_no_policy_and_leaves_no_rule_behind(world: World) -> None:
    """Every client is forbidden here: what is left is the one invocation of itself."""
    world.timeout = 4
    world.converge = outcomes(Waiting({"a": "b"}), Waiting({"a": "b"}), Done({}))

    world.deliver(world.event())

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.functions.payloads == []


def test_a_delete_does_not_sleep_for_its_log(world: World) -> None:
    world.handle(world.event("Delete"))

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.time.slept == []


def test_no_client_is_made_with_the_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SAM_LOCAL", raising=False)

    helper = Shell(IDENTITY.physical_id)

    assert not [name for name in vars(helper) if name.endswith("_client")]


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_the_event_the_url_and_the_data_are_not_logged_at_any_level(
    world: World, caplog: pytest.LogCaptureFixture, written: io.StringIO, level: str
) -> None:
    caplog.set_level(level)
    world.converge = outcomes(Done({"Attribute": "an-attributes-value"}))

    world.handle(world.event())

    everything = caplog.text + written.getvalue()
    for secret in (SECRET, "X-Amz-Signature", "an-attributes-value"):
        assert secret not in everything


def test_a_url_in_the_clear_is_not_spoken_to(world: World) -> None:
    world.handle(world.event(ResponseURL=signed_url().replace("https:", "http:")))

    assert world.answers.bodies == []


def test_no_echo_of_one_request_does_not_stick_to_the_next(world: World) -> None:
    helper = helper_of(Done({}))
    helper.NoEcho = True
    helper.result(world.event(), FakeContext(FakeTime()))

    world.handle(world.event())

    assert world.answers.only["NoEcho"] is False


def test_the_id_is_set_before_the_first_side_effect(world: World) -> None:
    helper = Shell(IDENTITY.physical_id)
    seen: list[str] = []

    @helper.create
    def create(_event: object, _context: object) -> None:
        seen.append(helper.PhysicalResourceId)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        helper(world.event(), FakeContext(FakeTime()))

    assert seen == [IDENTITY.physical_id]


@pytest.mark.parametrize("returned", [None, True, False, "", "another-id"])
def test_what_a_function_returns_cannot_make_a_new_id(world: World, returned: Any) -> None:
    helper = Shell(IDENTITY.physical_id)

    @helper.update
    def update(_event: object, _context: object) -> Any:
        helper.take(Done({}))
        return returned

    assert helper.result(world.event("Update"), FakeContext(FakeTime())) == Done({})
    assert helper.PhysicalResourceId == IDENTITY.physical_id


def test_the_reason_keeps_its_head_and_is_cut_at_400_bytes(world: World) -> None:
    world.converge = outcomes(Failed(Reason.CallRefused, "The cause. " + "detail " * 200))

    world.handle(world.event())

    assert world.answers.only["Reason"].startswith("[CallRefused] The cause. detail")
    assert len(world.answers.only["Reason"].encode()) < 520


def test_polling_is_refused_by_name() -> None:
    helper = Shell(IDENTITY.physical_id)

    for decorator in (helper.poll_create, helper.poll_update, helper.poll_delete):
        with pytest.raises(TypeError, match="there is no polling"):
            decorator(lambda _event, _context: None)


def test_a_resource_that_is_ready_is_answered_at_the_first_look(world: World) -> None:
    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.time.slept == []


def test_no_secret_leaves_the_event_when_a_request_is_handed_on(world: World) -> None:
    world.timeout, world.converge = 4, outcomes(Waiting({"a": "b"}))
    event = world.event()

    world.handle(event)

    payload = json.loads(world.functions.payloads[0])
    ours = payload.pop("cfn-mlflow")
    assert payload == event
    assert SECRET not in json.dumps(ours)


def test_what_an_invocation_learned_of_waiting_is_not_lost_to_the_next(
    world: World, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    world.timeout = 30
    world.converge = outcomes(*[Waiting({"cluster": "creating"})] * 20, Done({}))

    world.deliver(world.event())

    told = [line["message"] for line in lines() if line["message"].startswith("cluster")]
    assert told[0] == "cluster: creating, 0 s"
    assert told[1].startswith("cluster: creating, 1 min")
    assert len(told) == 2


def test_a_failed_hand_off_does_not_report_a_good_resource_as_failed(world: World) -> None:
    world.timeout = 4
    world.converge = outcomes(Waiting({"a": "b"}), Done({}))
    world.functions.errors = [TemporaryError("throttled")]

    world.deliver(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


def test_a_local_invocation_of_sam_is_answered_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    world.converge = outcomes(Waiting({"a": "b"}), Done({}))

    world.handle(world.event())

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_failure_to_start_is_a_failure_with_the_right_id(
    world: World, request_type: str, capsys: pytest.CaptureFixture[str]
) -> None:
    helper = helper_of(Done({}))
    helper.init_failure(ImportError(SECRET))

    result = helper.result(world.event(request_type), FakeContext(FakeTime()))

    said = "The function could not start (ImportError). See its log."
    assert result == Failed(Reason.InternalError, said)
    assert helper.generate_physical_id(world.event(request_type)) == IDENTITY.physical_id
    assert SECRET not in capsys.readouterr().err


def test_a_request_type_nothing_is_registered_for_is_no_success(world: World) -> None:
    result = Shell(IDENTITY.physical_id).result(world.event(), FakeContext(FakeTime()))

    assert result == Failed(Reason.InternalError, "Nothing is registered for Create.")


def test_an_error_that_crhelper_catches_tells_nothing_of_its_text(world: World) -> None:
    helper = Shell(IDENTITY.physical_id)

    @helper.create
    def create(_event: object, _context: object) -> None:
        raise RuntimeError(SECRET)

    result = helper.result(world.event(), FakeContext(FakeTime()))

    assert isinstance(result, Failed)
    assert result.reason is Reason.InternalError
    assert SECRET not in result.words


def test_the_root_logger_keeps_its_level_and_its_handlers_their_format(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    formatter = logging.Formatter("%(message)s")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    monkeypatch.setattr(logging.root, "handlers", [handler])
    logging.root.setLevel("ERROR")
    try:
        world.handle(world.event())

        assert logging.root.level == logging.ERROR
        assert handler.formatter is formatter
    finally:
        logging.root.setLevel("WARNING")


def test_requests_served_side_by_side_do_not_mix(world: World) -> None:
    """Locally several requests may run in one process; crhelper's one helper could not."""
    names = [f"Resource{number}" for number in range(8)]
    meeting = threading.Barrier(len(names), timeout=30)

    def one(name: str) -> Done | Failed | object:
        helper = Shell(IDENTITY.physical_id)

        @helper.create
        def create(event: dict[str, Any], _context: object) -> None:
            meeting.wait()
            helper.take(Done({"Name": event["LogicalResourceId"]}))

        return helper.result(world.event(LogicalResourceId=name), FakeContext(FakeTime()))

    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(one, names)) == [Done({"Name": name}) for name in names]


def test_data_of_one_request_is_not_in_the_next_ones_answer(world: World) -> None:
    world.converge = outcomes(Done({"First": "a"}), Done({"Second": "b"}))

    world.handle(world.event())
    world.handle(world.event())

    assert [answer["Data"] for answer in world.answers.all] == [{"First": "a"}, {"Second": "b"}]


def test_foreign_keys_in_the_event_are_not_taken_for_crhelpers_own(world: World) -> None:
    world.handle(
        world.event(CrHelperPoll=True, CrHelperData={"Injected": "x"}, CrHelperRule="arn:x/y")
    )

    assert world.answers.only["Status"] == "SUCCESS"
    assert world.answers.only["Data"] == {"Name": "value"}


def test_crhelper_is_the_version_these_holes_were_proven_in() -> None:
    pinned = Path(__file__).parents[3] / "functions" / "requirements.txt"

    assert "crhelper==2.0.12" in pinned.read_text().split()
