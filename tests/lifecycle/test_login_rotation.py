"""Given an MLflow at work, when the password of its database is rotated, then nobody notices.

The tests of this module follow one stack through its life, in the order in which they stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.logins import FUNCTION, LOGINS, Logins
from tests.support.mlflow.metrics_client import MetricsClient
from tests.support.mlflow.mlflow_stacks import (
    Network,
    answer_of,
    make_network,
    one_resource,
    wait_for_words,
    words_of,
)
from tests.support.waiting import until
from tests.template.test_calls_made import denied

SMALL: dict[str, Any] = {"ServiceCpu": "1024", "ServiceMemory": "2048"}


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> Network:
    return make_network(local_aws)


@pytest.fixture(scope="module")
def mlflow(local_aws: LocalAws, network: Network) -> Iterator[Stack]:
    template = one_resource(network, DatabaseRotationSchedule="rate(30 days)", **SMALL)
    stack = Stack.create(local_aws, "rotated", template)
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    yield stack
    stack.delete()


@pytest.fixture(scope="module")
def logins(local_aws: LocalAws, mlflow: Stack) -> Logins:
    return Logins(local_aws, mlflow)


def test_a_rotation_while_a_client_logs_50_metrics_a_second_loses_no_request(
    local_aws: LocalAws, mlflow: Stack, logins: Logins
) -> None:
    assert logins.in_service() == {"mlflow_app"}
    with MetricsClient(local_aws, mlflow.outputs["TrackingUri"]) as client:
        logins.rotate_between("mlflow_app", "mlflow_app_2")
    assert client.failures == []
    assert client.logged() == client.sent


def test_an_update_of_the_stack_leaves_the_service_on_the_active_login(
    local_aws: LocalAws, mlflow: Stack, network: Network, logins: Logins
) -> None:
    larger = {**SMALL, "ServiceMemory": "3072"}
    changed = one_resource(network, DatabaseRotationSchedule="rate(20 days)", **larger)
    assert mlflow.update(changed) == "UPDATE_COMPLETE", mlflow.failures()
    assert logins.in_service() == {"mlflow_app_2"}
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_rotation_killed_in_the_middle_goes_on_with_one_password_and_loses_nothing(
    local_aws: LocalAws, mlflow: Stack, logins: Logins
) -> None:
    before = logins.passwords()
    done, said = logins.rotations(), len(words_of(local_aws, FUNCTION))
    with MetricsClient(local_aws, mlflow.outputs["TrackingUri"]) as client:
        logins.ask()
        wait_for_words(local_aws, FUNCTION, "ECS service", after=said)
        made = logins.passwords()
        local_aws.kill_function(FUNCTION)
        logins.wait_for_more_than(done)
    assert client.failures == []
    after = logins.passwords()
    assert after["mlflow_app"] == made["mlflow_app"] != before["mlflow_app"]
    assert after["mlflow_app_2"] == before["mlflow_app_2"]
    assert logins.in_service() == {"mlflow_app"}


def test_it_is_refused_while_anything_runs_on_the_standby_login_and_nothing_changes(
    local_aws: LocalAws, logins: Logins
) -> None:
    task = logins.run_by_hand("mlflow_app_2")
    logins.age_rotations()
    before = logins.passwords()
    answer = (
        local_aws.session()
        .client("lambda")
        .invoke(
            FunctionName=FUNCTION,
            Qualifier="operator",
            Payload=json.dumps({"DatabaseClusterId": logins.cluster}).encode(),
        )
    )
    assert answer["FunctionError"] == "Unhandled"
    reason = json.load(answer["Payload"])["errorMessage"]
    assert reason.startswith("[LoginInUse] ")
    assert "mlflow_app_2" in reason
    assert "Nothing was changed" in reason
    assert logins.passwords() == before
    assert logins.in_service() == {"mlflow_app"}
    logins.stop(task)


def test_rotation_after_a_refusal_and_a_new_master_password_loses_no_request(
    local_aws: LocalAws, mlflow: Stack, logins: Logins
) -> None:
    master = logins.master_password()
    with MetricsClient(local_aws, mlflow.outputs["TrackingUri"]) as client:
        local_aws.session().client("rds").modify_db_cluster(
            DBClusterIdentifier=logins.cluster,
            RotateMasterUserPassword=True,
            ApplyImmediately=True,
        )
        until(logins.master_password, lambda found: found != master, "another master password")
        logins.rotate_between("mlflow_app", "mlflow_app_2")
    assert client.failures == []
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_the_schedule_itself_rotates_and_goes_with_its_property(
    local_aws: LocalAws, mlflow: Stack, network: Network, logins: Logins
) -> None:
    before, done = logins.in_service(), logins.rotations()
    [standby] = set(LOGINS) - before
    logins.wait_until_idle(standby)
    logins.age_rotations()
    [rule] = rotation_rules(local_aws)
    assert rule["ScheduleExpression"] == "rate(20 days)"
    local_aws.fire_rule(rule["Name"])
    logins.wait_for_more_than(done)
    assert logins.in_service() == {standby}
    assert mlflow.update(one_resource(network, **SMALL)) == "UPDATE_COMPLETE", mlflow.failures()
    assert rotation_rules(local_aws) == []


def rotation_rules(aws: LocalAws) -> list[Any]:
    rules = aws.session().client("events").list_rules()["Rules"]
    return [rule for rule in rules if "-rotation-" in rule["Name"]]


def test_no_password_is_in_what_the_function_said_or_answered(
    local_aws: LocalAws, logins: Logins
) -> None:
    said = "\n".join(words_of(local_aws, FUNCTION))
    assert not [login for login, password in logins.passwords().items() if password in said]


def test_the_function_made_no_call_that_its_role_does_not_allow(local_aws: LocalAws) -> None:
    calls = [call for call in local_aws.calls() if call["caller"] == FUNCTION]
    assert {"UpdateService", "PutSecretValue"} <= {call["action"] for call in calls}
    assert not denied(calls)
