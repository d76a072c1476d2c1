"""A service as it stands, and how old its deployments are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cfn_mlflow.aws.ecs.service_view import Deployment


@pytest.mark.parametrize(("age", "younger"), [(0, True), (170, True), (190, False), (3600, False)])
def test_a_deployment_is_young_until_its_grace_is_over(age: float, younger: bool) -> None:
    deployment = Deployment(
        id="ecs-svc/1",
        primary=True,
        definition_arn="mlflow:1",
        rollout="IN_PROGRESS",
        rollout_reason="",
        failed_tasks=0,
        running=2,
        created=datetime.now(UTC) - timedelta(seconds=age),
    )
    assert deployment.is_younger_than(180) is younger
