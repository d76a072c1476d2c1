"""The last word, invoked by hand: it gives nobody more than an address gives by itself."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import last_word
from tests.support.cloudformation.forging import forged
from tests.support.cloudformation.protocol_kit import (
    HOST,
    LOGICAL_ID,
    REQUEST_ID,
    STACK_ID,
    Answers,
    FakeContext,
    FakeTime,
    signed_url,
)

SETTINGS = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OF_EVERY_ANSWER = {"Host", "Accept-Encoding", "Content-Length", "Content-Type"}


@pytest.fixture(autouse=True)
def nobody_else_is_looked_up(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> None:
    """Nothing is sent anywhere but to CloudFormation's bucket, and the function has credentials."""
    del answers
    look_up = socket.getaddrinfo

    def only_the_bucket(host: Any, *more: Any, **named: Any) -> Any:
        assert host == HOST
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", only_the_bucket)
    for name in CREDENTIALS:
        monkeypatch.setenv(name, "of-the-function")


def by_hand(event: object, said: str) -> dict[str, Any]:
    """Invoke the last word as its queue would, with this dead letter."""
    told = {"ErrorMessage": {"stringValue": said, "dataType": "String"}}
    record = {"messageId": "1", "body": json.dumps(event), "messageAttributes": told}
    return last_word.handler({"Records": [record]}, FakeContext(FakeTime(), 30))


SIGNED_FOR_IT = {
    "RequestType": "Create",
    "ResponseURL": signed_url(),
    "StackId": STACK_ID,
    "RequestId": REQUEST_ID,
    "LogicalResourceId": LOGICAL_ID,
    "ResourceType": "Custom::MLflow",
}


@SETTINGS
@given(event=forged(), said=st.text(max_size=40))
@example(event={**SIGNED_FOR_IT, "ResponseURL": "https://attacker.example/x"}, said="")
@example(event=SIGNED_FOR_IT, said="")
def test_what_the_last_word_sends_by_hand_could_be_sent_by_whoever_has_the_address(
    answers: Answers, event: dict[str, Any], said: str
) -> None:
    """S3 asks for the address's signature alone: no right of the function goes along."""
    answers.bodies.clear()
    answers.requests.clear()
    answers.statuses = [403] * 5

    assert by_hand(event, said) == {"batchItemFailures": []}

    for path, headers in answers.requests:
        assert f"https://{HOST}{path}" == event["ResponseURL"]
        assert set(headers) <= OF_EVERY_ANSWER
        assert "of-the-function" not in str(headers)
    assert len(answers.requests) <= 1
    assert answers.requests or event != SIGNED_FOR_IT


@SETTINGS
@given(event=forged(), said=st.text(max_size=40))
@example(event=SIGNED_FOR_IT, said="SUCCESS")
def test_the_last_word_by_hand_says_failed_and_nothing_else(
    answers: Answers, event: dict[str, Any], said: str
) -> None:
    answers.bodies.clear()

    by_hand(event, said)

    for answer in answers.all:
        assert (answer["Status"], answer["Data"]) == ("FAILED", {})
        for name in ("StackId", "RequestId", "LogicalResourceId"):
            assert answer[name] == event[name]
    assert answers.bodies or event != SIGNED_FOR_IT
