"""Given a stack whose create cannot succeed: it says why, and leaves nothing."""

from __future__ import annotations

from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import make_network, one_resource


def test_create_whose_image_cannot_be_pulled_says_so_and_leaves_nothing(
    local_aws: LocalAws,
) -> None:
    wrong = one_resource(make_network(local_aws), ServiceImage="ghcr.io/mlflow/mlflow:v0.0.2-full")
    stack = Stack.create(local_aws, "unpullable", wrong)
    reason = stack.failures()["MLflow"]
    assert "[ImageNotPullable] " in reason
    assert "v0.0.2-full" in reason
    assert stack.status == "ROLLBACK_COMPLETE"
    clients = local_aws.session().client
    assert evidence.owned(clients, stack.id) == []
    assert evidence.left_by(clients, stack.id) == []
