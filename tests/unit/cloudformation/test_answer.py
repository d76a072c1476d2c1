from __future__ import annotations

import datetime
import decimal
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.cloudformation.answer import Answer, fail, shorten, succeed
from cfn_mlflow.cloudformation.event import Echo
from cfn_mlflow.outcome import FAULTS_BYTES, Cause
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import IDENTITY, LOG_STREAM, LOGICAL_ID, STACK_ID

ECHO = Echo(STACK_ID, "7c3e9a52-1f0b-4f0e-8d64-1f2e3d4c5b6a", LOGICAL_ID, IDENTITY.physical_id)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=3000)


def check(answer: Answer) -> dict[str, Any]:
    """What holds for every answer there can be."""
    assert len(answer.body) <= 4096
    body: dict[str, Any] = json.loads(answer.body.decode("utf-8"))
    assert body["Status"] == answer.status
    assert body["Reason"]
    assert body["PhysicalResourceId"] == ECHO.physical_id
    assert body["StackId"] == ECHO.stack_id
    assert body["RequestId"] == ECHO.request_id
    assert body["LogicalResourceId"] == ECHO.logical_id
    assert body["NoEcho"] is False
    return body


@given(ANY_TEXT)
def test_any_reason_fits_is_valid_json_and_names_the_log(reason: str) -> None:
    body = check(fail(ECHO, Cause(Reason.TimedOut, reason), LOG_STREAM))

    assert body["Reason"].endswith(f"(log stream {LOG_STREAM})")
    assert len(body["Reason"].encode()) <= FAULTS_BYTES + len(f" (log stream {LOG_STREAM})")


def test_characters_that_make_a_stacks_events_unreadable_are_no_part_of_a_reason() -> None:
    said = Cause(Reason.TaskFailed, "a\x1b[31mred\x1b[0m\x00line\nof a log\ufffe")

    body = check(fail(ECHO, said, LOG_STREAM))

    assert body["Reason"].startswith("[TaskFailed] a [31mred [0m line of a log ")


@given(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=12))
def test_any_attributes_fit_and_the_first_are_kept(data: dict[str, str]) -> None:
    answer = succeed(ECHO, data, LOG_STREAM)

    body = check(answer)
    kept = len(data) - len(answer.left_out)
    as_sent = [name.encode("utf-8", "replace").decode() for name in list(data)[:kept]]
    assert list(body["Data"]) == list(dict.fromkeys(as_sent))
    assert list(answer.left_out) == list(data)[kept:][::-1]


@given(st.dictionaries(st.text(max_size=9), st.integers() | st.none() | st.floats(), min_size=1))
def test_attributes_that_are_no_text_are_a_proper_failure(data: dict[str, Any]) -> None:
    body = check(fail_or_succeed(data))

    assert body["Status"] == "FAILED"
    assert body["Data"] == {}


@pytest.mark.parametrize(
    "value", [datetime.datetime(2026, 1, 1), decimal.Decimal(1), {1}, b"x", object(), float("nan")]
)
def test_an_attribute_that_json_cannot_hold_is_named_with_its_type(value: object) -> None:
    body = check(fail_or_succeed({"Endpoint": value}))

    assert body["Status"] == "FAILED"
    assert f"Endpoint ({type(value).__name__})" in body["Reason"]


def test_the_answer_may_have_exactly_the_limit_and_not_a_byte_more() -> None:
    room = 4096 - len(succeed(ECHO, {"Value": ""}, LOG_STREAM).body)

    assert succeed(ECHO, {"Value": "x" * room}, LOG_STREAM).left_out == ()
    assert succeed(ECHO, {"Value": "x" * (room + 1)}, LOG_STREAM).left_out == ("Value",)


def test_what_is_left_out_is_told() -> None:
    answer = succeed(ECHO, {"First": "kept", "Last": "x" * 5000}, LOG_STREAM)

    body = check(answer)
    assert body["Data"] == {"First": "kept"}
    assert "1 attributes" in body["Reason"]


@given(ANY_TEXT, st.integers(0, 500))
def test_a_text_is_cut_between_two_characters_and_never_too_long(text: str, limit: int) -> None:
    short = shorten(text, limit)

    assert len(short.encode()) <= limit
    whole = text.encode("utf-8", "replace").decode()
    assert short == whole or short.endswith("..."[:limit])
    assert whole.startswith(short.removesuffix("..."[:limit])) or short == whole


@given(st.text(max_size=1024), st.text(max_size=1024), st.text(max_size=5000))
def test_long_ids_leave_room_by_shortening_the_reason(one: str, two: str, reason: str) -> None:
    echo = Echo(STACK_ID, one[:300], two[:300], IDENTITY.physical_id)

    answer = fail(echo, Cause(Reason.ConnectionBudgetExceeded, reason), LOG_STREAM)

    assert len(answer.body) <= 4096
    assert json.loads(answer.body)["Reason"].startswith("[ConnectionBudgetExceeded] ")


def fail_or_succeed(data: dict[str, Any]) -> Answer:
    return succeed(ECHO, data, LOG_STREAM)
