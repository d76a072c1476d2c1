"""The check by hand and on a schedule: an event in, a report out, a number where one is due."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.runtime.failures import FAILURES
from cfn_mlflow.schema_check.check import SchemaReport, State
from cfn_mlflow.schema_check.look import Watcher
from cfn_mlflow.types.schema import by_hand as schema_by_hand
from cfn_mlflow.types.schema.by_hand import SECONDS_TO_WAKE, drift, with_checks
from tests.support.cloudformation.protocol_kit import FakeContext, World
from tests.support.objects.service_kit import HEAD, boto

pytestmark = pytest.mark.usefixtures("aws")  # RDS is asked whose the cluster is

CHECK = {
    "ClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    "SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-service-AbCdEf",
    "ImageTag": "v3.17.2-full",
}
RESOURCE = "mlflow-abcdefghij"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-MLflowSchema"


@dataclass
class Lambda:
    """One invocation: its clock, which only sleeping moves, and what reached CloudFormation's."""

    function_name: str = "cfn-mlflow-MLflowSchema"
    invoked_function_arn: str = f"{FUNCTION}:operator"
    log_group_name: str = "group"
    log_stream_name: str = "stream"
    seconds: float = 900
    now: float = 0
    served: list[object] = field(default_factory=list)

    def get_remaining_time_in_millis(self) -> int:
        return int((self.seconds - self.now) * 1000)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def answer(self, event: object) -> Any:
        clock = Clock(now=lambda: self.now, sleep=self.sleep)
        handler = with_checks(lambda event, _: self.served.append(event), clock)
        return handler(event, self)


def reports(monkeypatch: pytest.MonkeyPatch, report: SchemaReport) -> list[str]:
    """Let every look come to this; return what was expected of each."""
    expected: list[str] = []

    def look(watcher: Watcher) -> SchemaReport:
        expected.append(watcher.expected)
        return report

    monkeypatch.setattr(Watcher, "look", look)
    return expected


def values() -> list[float]:
    """Return the values published of this resource."""
    now = datetime.now(UTC)
    found = boto("cloudwatch").get_metric_statistics(
        Namespace="cfn-mlflow",
        MetricName="SchemaDifferences",
        Dimensions=[{"Name": "Resource", "Value": RESOURCE}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Maximum"],
    )["Datapoints"]
    return [point["Maximum"] for point in found]


def test_given_a_check_then_the_whole_report_comes_back_as_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = tuple(f"table runs: column number_{n} is missing" for n in range(9))
    report = SchemaReport(State.CURRENT, HEAD, HEAD, (), (), lost, notes=("n",), advice="Do this.")
    reports(monkeypatch, report)
    answer = Lambda().answer({"Check": CHECK})
    assert json.loads(json.dumps(answer)) == {
        "state": "current",
        "code": "SchemaDamaged",
        "retryable": False,
        "sound": False,
        "revision": HEAD,
        "expected": HEAD,
        "mlflow": "3.17.2",
        "pending": [],
        "differences": list(lost),
        "notes": ["n"],
        "reason": "",
        "advice": "Do this.",
    }


@pytest.mark.parametrize("state", [State.BEHIND, State.FOREIGN, State.REFUSED])
def test_given_a_failure_then_its_line_is_an_error_that_counts_by_its_code(
    monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[dict[str, Any]]], state: State
) -> None:
    """A provider whose LogLevel is ERROR logs it too, and CloudWatch counts by the line."""
    assert state.code
    reports(monkeypatch, SchemaReport(state, None, HEAD))
    Lambda().answer({"Check": CHECK})
    [line] = lines()
    assert (line["level"], line["code"], line[FAILURES]) == ("ERROR", state.code.name, 1)


@pytest.mark.parametrize(
    ("release", "expected", "version"),
    [
        ({"ImageTag": "v3.17.2-full"}, HEAD, "3.17.2"),
        ({"Image": "mine:v3.16.1"}, "b7e2c1a4d9f3", "3.16.1"),
        ({}, HEAD, "3.17.2"),
        ({"Image": "mine:latest", "ExpectedRevision": "abc123"}, "abc123", None),
    ],
)
def test_given_a_release_by_tag_image_or_revision_then_that_is_expected(
    monkeypatch: pytest.MonkeyPatch, release: dict[str, str], expected: str, version: str | None
) -> None:
    asked = reports(monkeypatch, SchemaReport(State.CURRENT, expected, expected))
    place = {key: CHECK[key] for key in ("ClusterArn", "SecretArn")}
    answer = Lambda().answer({"Check": {**place, **release}})
    assert (asked, answer["mlflow"]) == ([expected], version)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"Check": {}}, "ClusterArn: "),
        ({"Check": {**CHECK, "SecretArn": "hunter2"}}, "SecretArn: must be a secret's ARN"),
        ({"Check": {**CHECK, "Cluster": "x"}}, "Cluster: "),
        ({"Check": {**CHECK, "ImageTag": "latest"}}, "ImageTag: must be a tag"),
        ({"Check": {**CHECK, "ExpectedRevision": "no such!"}}, "ExpectedRevision: must be"),
        ({"Check": CHECK, "Metric": "x"}, "Metric: no such property"),
        ({"Check": CHECK, "Resource": 7}, "Resource: must be a single string"),
        ({"Check": "all"}, "Check: must be an object"),
        ({"Check": {**CHECK, "ImageTag": "", "Image": "mine:latest"}}, "no MLflow release"),
    ],
)
def test_given_bad_input_then_an_error_names_the_property_and_never_its_value(
    event: dict[str, Any], words: str
) -> None:
    answer = Lambda().answer(event)
    assert answer.keys() == {"error", "code"}
    assert answer["code"] in ("InvalidProperty", "ReleaseUnknown")
    assert words in answer["error"]
    assert "hunter2" not in answer["error"]


def test_given_several_faults_then_all_are_named() -> None:
    error = Lambda().answer({"Check": {"ImageTag": "latest"}})["error"]
    assert all(name in error for name in ("ClusterArn: ", "SecretArn: ", "ImageTag: "))


@pytest.mark.parametrize(
    "event",
    [
        {"RequestType": "Create", "ResourceProperties": {}},
        {"RequestType": "Create", "Check": CHECK},
        {"anything": "else"},
        "text",
        None,
    ],
)
def test_given_any_other_event_then_it_is_cloudformations(event: object) -> None:
    function = Lambda()
    assert function.answer(event) is None
    assert function.served == [event]


@pytest.mark.parametrize(
    "forged",
    [
        {"ResponseURL": "https://answers.example/report"},
        {"StackId": "arn:aws:cloudformation:eu-west-1:999999999999:stack/team/1111"},
    ],
    ids=["another's address", "another account"],
)
def test_given_a_check_that_says_it_is_a_request_then_no_report_goes_anywhere(
    world: World, monkeypatch: pytest.MonkeyPatch, forged: dict[str, str]
) -> None:
    looks = reports(monkeypatch, SchemaReport(State.CURRENT, HEAD, HEAD))
    event = {**world.event(), "Check": CHECK, **forged}
    answer = with_checks(world._handler(event))(event, FakeContext(world.time))
    assert (answer, looks, world.seen, world.answers.bodies) == (None, [], [], [])


def test_given_a_check_by_hand_then_no_metric_is_published(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports(monkeypatch, SchemaReport(State.BEHIND, HEAD, "x"))
    Lambda().answer({"Check": CHECK})
    assert values() == []


@pytest.mark.parametrize(
    ("report", "value"),
    [
        (SchemaReport(State.CURRENT, HEAD, HEAD), 0),
        (
            SchemaReport(
                State.CURRENT, HEAD, HEAD, missing_tables=("a", "b"), missing_indexes=("c",)
            ),
            3,
        ),
        (SchemaReport(State.BEHIND, HEAD, "x"), 1),
        (SchemaReport(State.HALF_MIGRATED, HEAD, "x", already_there=("a", "b")), 2),
        (SchemaReport(State.REFUSED, None, HEAD), 1),
    ],
)
def test_given_a_check_on_a_schedule_then_its_drift_is_the_resources_metric(
    aws: None, monkeypatch: pytest.MonkeyPatch, report: SchemaReport, value: int
) -> None:
    reports(monkeypatch, report)
    Lambda().answer({"Check": CHECK, "Resource": RESOURCE})
    assert values() == [value]


def test_scheduled_check_that_cannot_be_made_counts_as_a_difference(
    aws: None,
) -> None:
    unknown = {**CHECK, "Image": "mine:latest"}
    unknown.pop("ImageTag", None)
    answer = Lambda().answer({"Check": unknown, "Resource": RESOURCE})
    assert "mine:latest" in answer["error"]
    assert values() == [1.0]


@pytest.mark.parametrize("state", [s for s in State if s.retryable or s is State.STOPPED])
def test_state_that_nobody_can_tell_now_publishes_nothing_and_raises_no_alarm(
    aws: None, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    reports(monkeypatch, SchemaReport(state, None, HEAD))
    Lambda().answer({"Check": CHECK, "Resource": RESOURCE})
    assert values() == []


def test_every_final_state_but_a_stopped_cluster_is_drift_and_a_sound_schema_is_none() -> None:
    drifts = {state: drift(SchemaReport(state, HEAD, HEAD)) for state in State}
    assert drifts.pop(State.CURRENT) == 0
    assert drifts.pop(State.STOPPED) is None
    assert all((value is None) == state.retryable for state, value in drifts.items())


@pytest.fixture
def data_api(aws: None) -> Iterator[Stubber]:
    with Stubber(session.client("rds-data")) as stubber:
        yield stubber


def test_given_a_paused_database_then_it_is_woken_once_and_then_checked(
    data_api: Stubber,
) -> None:
    for _ in range(3):
        data_api.add_client_error("begin_transaction", "DatabaseResumingException")
    data_api.add_client_error("begin_transaction", "HttpEndpointNotEnabledException")
    function = Lambda()
    answer = function.answer({"Check": CHECK, "Resource": RESOURCE})
    data_api.assert_no_pending_responses()
    assert answer["state"] == "refused"
    assert function.now <= SECONDS_TO_WAKE


def test_given_it_does_not_wake_then_it_is_left_alone_without_an_alarm(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = reports(monkeypatch, SchemaReport(State.WAKING, None, HEAD))
    function = Lambda()
    answer = function.answer({"Check": CHECK, "Resource": RESOURCE})
    assert (answer["state"], answer["retryable"], values()) == ("waking", True, [])
    assert SECONDS_TO_WAKE <= function.now < SECONDS_TO_WAKE + 10
    assert len(looks) < 30


def test_given_a_function_with_little_time_then_it_answers_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports(monkeypatch, SchemaReport(State.PAUSED, None, HEAD))
    function = Lambda(seconds=30)
    assert function.answer({"Check": CHECK})["state"] == "paused"
    assert function.now < 20


@pytest.mark.parametrize(
    ("error", "state", "retryable"),
    [
        (TemporaryError("the role is not given yet"), "unreachable", True),
        (PermanentError(Reason.WorkingRoleDenied, "the role may not be assumed"), "refused", False),
    ],
)
def test_given_nobody_may_act_for_the_owner_then_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch, error: Exception, state: str, retryable: bool
) -> None:
    looks = reports(monkeypatch, SchemaReport(State.CURRENT, HEAD, HEAD))

    def fails(cluster: str) -> None:
        raise error

    monkeypatch.setattr(schema_by_hand, "act_for_owner_of", fails)
    answer = Lambda().answer({"Check": CHECK})
    assert (answer["state"], answer["retryable"], looks) == (state, retryable, [])
    assert answer["reason"] == str(error)
