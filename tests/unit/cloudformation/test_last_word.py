from __future__ import annotations

import io
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import last_word
from cfn_mlflow.cloudformation import handoff
from cfn_mlflow.reason import Reason
from tests.support.cloudformation.protocol_kit import (
    HOST,
    IDENTITY,
    LOG_STREAM,
    SECRET,
    STACK_ID,
    FakeContext,
    FakeTime,
    World,
    signed_url,
)
from tests.support.template.provider_template import properties

FUNCTIONS = Path(last_word.__file__).parent
EVENTS = FUNCTIONS.parent / "events"
TIMED_OUT = "2026-11-24T12:15:00.000Z 9999 Task timed out after 900.00 seconds"


def message(body: object, error: str = TIMED_OUT, number: int = 1) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    attributes = {"ErrorMessage": {"stringValue": error, "dataType": "String"}} if error else {}
    return {"messageId": f"message-{number}", "body": text, "messageAttributes": attributes}


def speak(*records: dict[str, Any], left: float = 60) -> list[str]:
    answered = last_word.handler({"Records": list(records)}, FakeContext(FakeTime(), left))
    return [failure["itemIdentifier"] for failure in answered["batchItemFailures"]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no real time pass between two tries."""
    time = FakeTime()
    monkeypatch.setattr("cfn_mlflow.cloudformation.delivery.Clock", lambda: time.clock)


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_a_dead_request_is_answered_failed_with_its_id_its_cause_and_the_next_step(
    world: World, request_type: str
) -> None:
    assert speak(message(world.event(request_type))) == []

    answer = world.answers.only
    assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"] == IDENTITY.physical_id
    assert answer["RequestId"] == world.event()["RequestId"]
    assert answer["Reason"].startswith(Reason.FunctionDied.prefix)
    assert "Task timed out after 900.00 seconds" in answer["Reason"]
    assert "deploy again" in answer["Reason"]
    assert LOG_STREAM in answer["Reason"]


def test_an_invented_id_is_repeated_as_it_came(world: World) -> None:
    speak(message(world.event("Delete", PhysicalResourceId="tracking-MLflow-1A2B3C")))

    assert world.answers.only["PhysicalResourceId"] == "tracking-MLflow-1A2B3C"


def test_a_request_that_died_in_a_later_invocation_is_answered_like_its_first(
    world: World,
) -> None:
    payload = handoff.pack(world.event(), handoff.Carried(1.0, 1.0, 3)).decode()

    speak(message(payload))

    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id


def test_a_cause_of_any_length_leaves_the_next_step_standing(world: World) -> None:
    speak(message(world.event(), error="Traceback é " * 300))

    assert "deploy again" in world.answers.only["Reason"]
    assert len(world.answers.bodies[0]) <= 4096


def test_an_unknown_cause_is_said_to_be_unknown(world: World) -> None:
    speak(message(world.event(), error=""))

    assert "its error is not known" in world.answers.only["Reason"]


def test_a_malformed_request_with_a_url_is_answered_too(world: World) -> None:
    assert speak(message(world.event(RequestType="Nonsense"))) == []

    assert world.answers.only["Status"] == "FAILED"


@pytest.mark.parametrize("body", ["not JSON", "[]", "{}", '{"Records": []}', '{"ResponseURL": 7}'])
def test_a_message_that_is_no_request_is_logged_and_dropped(
    world: World, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    assert speak(message(body)) == []

    assert "is no request of CloudFormation" in capsys.readouterr().out
    assert world.answers.bodies == []


@pytest.mark.parametrize(
    "address",
    [
        "https://attacker.example/x",
        signed_url().replace(HOST, f"{HOST}.attacker.example"),
        signed_url().replace("euwest1.s3.eu-west-1", "useast1.s3.us-east-1"),
        signed_url(logical_id="Other"),
        signed_url(request_id="another"),
    ],
)
@pytest.mark.parametrize("changes", [{}, {"RequestType": "Nonsense"}])
def test_a_message_with_an_address_that_is_not_cloudformations_for_it_is_dropped(
    world: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    changes: dict[str, str],
) -> None:
    asked: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    assert speak(message(world.event(ResponseURL=address, **changes))) == []

    assert asked == []
    assert "is no request of CloudFormation" in capsys.readouterr().out


@pytest.mark.parametrize("other", ["999999999999", "eu-west-2"])
def test_a_message_of_another_account_or_region_gets_nowhere_but_to_its_own_address(
    world: World, other: str
) -> None:
    """S3 refuses it: nobody but CloudFormation can have signed it."""
    given = "123456789012" if other.isdigit() else "eu-west-1"
    stack_id = STACK_ID.replace(given, other)

    speak(message(world.event(StackId=stack_id)))

    assert [answer["StackId"] for answer in world.answers.all] == [stack_id]


def test_an_answer_after_its_url_expired_is_logged_and_dropped(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.answers.statuses = [403]

    assert speak(message(world.event())) == []

    assert "CloudFormation waits for it no longer" in capsys.readouterr().out


@pytest.mark.usefixtures("quick")
def test_only_what_could_not_be_answered_comes_again(world: World) -> None:
    world.answers.statuses = [200] + [503] * 5
    events = [world.event(RequestId=str(number)) for number in range(3)]

    failed = speak(*[message(event, number=number) for number, event in enumerate(events)])

    assert failed == ["message-1"]
    assert [answer["RequestId"] for answer in world.answers.all] == ["0", *["1"] * 5, "2"]


def test_without_time_every_message_comes_again(world: World) -> None:
    assert speak(message(world.event()), left=0) == ["message-1"]


def test_neither_url_nor_property_is_in_its_log(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.answers.statuses = [403]

    speak(message(world.event()), message(world.event(), number=2))

    said = "".join(capsys.readouterr())
    assert said.count("message_id") == 2
    assert SECRET not in said
    assert "X-Amz" not in said


@pytest.fixture
def lambdas_handler() -> Iterator[io.StringIO]:
    """Give the root logger the handler of Lambda's runtime; return what it writes."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s\t%(message)s"))
    logging.getLogger().addHandler(handler)
    yield text
    logging.getLogger().removeHandler(handler)


def test_its_line_is_a_document_that_the_alarm_on_dead_functions_counts(
    world: World,
    capsys: pytest.CaptureFixture[str],
    lambdas_handler: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CloudWatch makes a metric of a line only if the whole line is one JSON object."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "tracking")

    speak(message(world.event()))

    [written] = (capsys.readouterr().out + lambdas_handler.getvalue()).splitlines()
    line = json.loads(written)
    alarm = properties("FunctionsDied")
    [metric] = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert metric["Namespace"] == alarm["Namespace"]
    assert [one["Name"] for one in metric["Metrics"]] == [alarm["MetricName"]]
    assert line[alarm["MetricName"]] == 1
    watched = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert sorted(watched) in [sorted(names) for names in metric["Dimensions"]]
    assert watched["service"] == {"Ref": "ProviderName"}
    assert (line["service"], line["code"]) == ("tracking", watched["code"])


def test_its_sample_event_is_understood(world: World) -> None:
    event = json.loads((EVENTS / "last-word.json").read_text())

    last_word.handler(event, FakeContext(FakeTime()))

    assert world.answers.only["Status"] == "FAILED"
    assert "Task timed out after 900.00 seconds" in world.answers.only["Reason"]


def test_it_needs_nothing_but_the_standard_library() -> None:
    """-I -S: no site-packages at all, as in an artifact whose libraries are broken."""
    program = f"import sys; sys.path.insert(0, {str(FUNCTIONS)!r}); import last_word"

    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)  # noqa: S603 - our own program


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Import an entry module in an artifact in which a resource's module does not import."""

    def run(entry: str) -> subprocess.CompletedProcess[str]:
        paths = [str(tmp_path), str(FUNCTIONS)]
        program = (
            f"import sys; sys.path[:0] = {paths!r}\n"
            "import builtins\n"
            "real = builtins.__import__\n"
            "def broken(name, *a, **k):\n"
            "    if name.startswith('cfn_mlflow.types'): raise ImportError('cut off')\n"
            "    return real(name, *a, **k)\n"
            "builtins.__import__ = broken\n"
            f"import {entry}\n"
        )
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize("part", ["", "_bucket", "_database", "_service", "_schema"])
def test_a_function_that_cannot_be_imported_is_answered_for_by_the_last_word(
    world: World, broken: Callable[[str], subprocess.CompletedProcess[str]], part: str
) -> None:
    """Lambda tries such a function three times, as it may heal, and then leaves the message."""
    crashed = broken(f"custom_mlflow{part}")
    assert crashed.returncode == 1
    error = crashed.stderr.strip().splitlines()[-1]

    speak(message(world.event(), error=error))

    assert world.answers.only["Status"] == "FAILED"
    assert "ImportError: cut off" in world.answers.only["Reason"]
    assert world.answers.only["PhysicalResourceId"] == IDENTITY.physical_id
