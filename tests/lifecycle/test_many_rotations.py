"""Given a client that logs for minutes, when the logins change time and again, then all is there.

One change of each kind is in test_login_rotation.py.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.logins import LOGINS, Logins
from tests.support.mlflow.metrics_client import MetricsClient
from tests.support.mlflow.mlflow_stacks import make_network, one_resource

ROTATIONS = 20


@pytest.mark.long
def test_twenty_rotations_while_a_client_logs_50_metrics_a_second_lose_no_request(
    local_aws: LocalAws, record_property: Callable[[str, object], None]
) -> None:
    small = {"ServiceCpu": "1024", "ServiceMemory": "2048"}
    stack = Stack.create(
        local_aws, "many-rotations", one_resource(make_network(local_aws), **small)
    )
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    logins = Logins(local_aws, stack)
    with MetricsClient(local_aws, stack.outputs["TrackingUri"]) as client:
        for done in range(ROTATIONS):
            logins.rotate_between(LOGINS[done % 2], LOGINS[(done + 1) % 2])
    record_property("rotations", ROTATIONS)
    record_property("metrics sent", client.sent)
    record_property("requests that failed", len(client.failures))
    assert client.failures == []
    assert client.logged() == client.sent > 50 * 60
    assert stack.delete() == "DELETE_COMPLETE"
