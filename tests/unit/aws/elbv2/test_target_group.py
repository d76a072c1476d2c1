"""The target group: whether its targets are healthy, and what is said if not."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.elbv2.target_group import STARTING, unhealthy


def test_given_targets_that_are_not_healthy_then_the_reason_in_words(aws: None) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/1234567890123456"
    health = [
        {"State": "healthy"},
        {"State": "draining", "Reason": "Target.DeregistrationInProgress"},
        {
            "State": "unhealthy",
            "Reason": "Target.Timeout",
            "Description": "Request timed out",
        },
    ]
    with Stubber(session.client("elbv2")) as stubber:
        for shown in (health, health[:2]):
            stubber.add_response(
                "describe_target_health",
                {"TargetHealthDescriptions": [{"TargetHealth": one} for one in shown]},
                {"TargetGroupArn": arn},
            )
        assert unhealthy(arn) == "1 of 3 not healthy (Request timed out)"
        assert unhealthy(arn) == ""


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([{"State": "initial", "Reason": "Elb.InitialHealthChecking"}], STARTING),
        ([{"State": "unhealthy", "Reason": "Target.FailedHealthChecks"}], STARTING),
        ([{"State": "healthy"}, {"State": "unhealthy", "Reason": "Target.Timeout"}], STARTING),
        (
            [
                {"State": "initial"},
                {
                    "State": "unhealthy",
                    "Reason": "Target.ResponseCodeMismatch",
                    "Description": "Health checks failed with these codes: [403]",
                },
            ],
            "1 of 2 not healthy (Health checks failed with these codes: [403])",
        ),
    ],
)
def test_given_tasks_that_start_then_only_a_wrong_answer_is_a_fault(
    aws: None, targets: list[dict[str, str]], words: str
) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/1234567890123456"
    with Stubber(session.client("elbv2")) as stubber:
        stubber.add_response(
            "describe_target_health",
            {"TargetHealthDescriptions": [{"TargetHealth": one} for one in targets]},
            {"TargetGroupArn": arn},
        )
        assert unhealthy(arn, starting=True) == words
