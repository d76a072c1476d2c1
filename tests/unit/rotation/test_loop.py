"""The loop of a rotation: what is answered, logged and raised."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cfn_mlflow.reason import NOT_SERVED, Reason
from cfn_mlflow.rotation.loop import RotationError
from cfn_mlflow.rotation.loop import rotate as run
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.runtime.failures import FAILURES
from tests.support.beside_moto.fargate import Fargate
from tests.support.graphs.rotation_kit import (
    CLUSTER,
    FUNCTION,
    OPERATORS,
    arn,
    given,
    passwords,
    service,
)

__all__ = ["given", "service"]


Lines = Callable[[], list[dict[str, Any]]]


class TestInvocation:
    """The loop of a rotation: its answers, log lines and errors."""

    @dataclass
    class Time:
        """A clock, and the context of an invocation that ends with it."""

        left: float
        aws_request_id: str = "r1"
        invoked_function_arn: str = OPERATORS

        def sleep(self, seconds: float) -> None:
            self.left -= seconds

        def get_remaining_time_in_millis(self) -> int:
            return int(self.left * 1000)

        @property
        def clock(self) -> Clock:
            return Clock(now=lambda: -self.left, sleep=self.sleep)

    def test_given_it_is_done_then_one_line_and_the_answer_tell_the_login_and_no_secret(
        self, service: str, lines: Lines
    ) -> None:
        time = self.Time(900)
        answer = run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        told = {
            "DatabaseClusterId": CLUSTER,
            "Request": "r1",
            "Login": "mlflow_app_2",
            "SecretArn": arn("mlflow_app_2"),
        }
        assert answer == told
        said = lines()
        [line] = [line for line in said if line["message"] == "Rotated"]
        assert told.items() <= line.items()
        assert not [text for text in passwords().values() if text in json.dumps(said)]

    def test_given_time_runs_out_then_it_raises_and_another_invocation_goes_on(
        self, service: str, fargate: Fargate
    ) -> None:
        fargate.looks_to_deploy = 1000
        time = self.Time(60)
        with pytest.raises(RotationError, match=r"not done yet, waiting for ECS service"):
            run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        assert time.left >= 15
        made = passwords()
        fargate.looks_to_deploy = 2
        again = self.Time(900)
        run({"DatabaseClusterId": CLUSTER}, again, again.clock)
        assert passwords() == made

    def test_given_it_is_refused_then_the_log_and_the_error_say_why(
        self, aws: None, lines: Lines
    ) -> None:
        time = self.Time(900)
        with pytest.raises(RotationError, match="cfn-mlflow has no database"):
            run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        with pytest.raises(RotationError, match="must be the identifier"):
            run({}, time, time.clock)
        assert [line["message"] for line in lines()] == ["Not rotated"] * 2

    @pytest.mark.parametrize(
        ("event", "words"),
        [
            ({"DatabaseClusterId": CLUSTER}, "only CloudFormation is served here"),
            (
                {"DatabaseClusterId": CLUSTER, "BySchedule": True},
                "only CloudFormation is served here",
            ),
            ({}, "must be the identifier"),
        ],
    )
    def test_caller_who_is_not_served_is_told_in_one_line_and_fails_no_rotation(
        self, given: dict[str, str], lines: Lines, event: dict[str, Any], words: str
    ) -> None:
        time = self.Time(900, invoked_function_arn=FUNCTION)
        answer = run(event, time, time.clock)
        assert list(answer) == ["error", "code"]
        assert words in answer["error"]
        [line] = lines()
        assert (line["level"], line["message"]) == ("WARNING", "Not served")
        assert words in line["reason"]
        assert line["code"] == answer["code"]
        assert NOT_SERVED in Reason[line["code"]].value.shown
        assert FAILURES not in line, "nobody may set off an alarm by a call that is refused"

    def test_given_an_error_that_nobody_foresaw_then_its_text_is_not_told(
        self, service: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ValueError("a secret, perhaps")

        monkeypatch.setattr("cfn_mlflow.rotation.rotation.wired_services", broken)
        time = self.Time(900)
        with pytest.raises(RotationError, match="Unexpected ValueError") as error:
            run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        assert "perhaps" not in str(error.value)
        assert error.value.__cause__ is None
