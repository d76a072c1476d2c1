"""Given the four parts wired by GetAtt, on a provider whose functions have 30 seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import (
    answer_of,
    clients_of,
    log_run,
    make_network,
    master_of,
    one_resource,
    paused_migration,
    runs_of,
    wait_for_words,
    words_of,
)
from tests.support.mlflow.neighbours import EXAMPLES, belongings, intruder, with_exports
from tests.support.mlflow.parts_database import (
    read_only_database,
    wait_until_paused,
    write_status,
)

EXAMPLE = EXAMPLES / "parts.yaml"
PROVIDER = "hurried"
TEMPLATE = (
    EXAMPLE.read_text()
    .replace("cfn-mlflow-", f"{PROVIDER}-")
    .replace("MaxCapacity: 4", "MaxCapacity: 1")
)
OPENED = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'mlflow_app'"
"""Connections of the tasks' login."""


@pytest.fixture(scope="module")
def hurried(local_aws: LocalAws) -> str:
    """A second provider beside the first, whose functions time out after 30 seconds."""
    parameters = {"ProviderName": PROVIDER, "FunctionTimeout": "30"}
    local_aws.deploy_provider(parameters, stack_name=PROVIDER)
    return PROVIDER


@pytest.fixture(scope="module")
def parts(local_aws: LocalAws, hurried: str) -> Iterator[Stack]:
    network = make_network(local_aws)
    stack = Stack.create(
        local_aws,
        "parts",
        TEMPLATE,
        Parameters=[
            {"ParameterKey": "VpcId", "ParameterValue": network.vpc_id},
            {"ParameterKey": "SubnetIds", "ParameterValue": ",".join(network.subnet_ids)},
        ],
        wait=False,
    )
    # The migration takes as long as the service's first invocation has, and longer.
    migration = paused_migration(local_aws)
    wait_for_words(local_aws, f"{hurried}-MLflowService", "invocation 2")
    migration.resume()
    stack.wait()
    yield stack
    stack.delete()


def test_the_parts_wired_by_get_att_become_an_mlflow_that_answers(
    local_aws: LocalAws, parts: Stack
) -> None:
    assert parts.status == "CREATE_COMPLETE", parts.failures()
    assert answer_of(local_aws, parts.outputs["TrackingUri"]) == 200


def test_the_schema_part_has_read_the_revision_that_the_release_expects(parts: Stack) -> None:
    assert parts.outputs["SchemaRevision"] == "dc11669786a5"


def test_under_the_load_of_many_clients_the_tasks_stay_within_their_budget(
    local_aws: LocalAws, parts: Stack
) -> None:
    budget = parts.outputs["ConnectionBudget"]
    assert budget == (
        "2 tasks x (2 + 2 workers x 2 pools x 10) = 84, twice in a deployment: 168 of 189"
    )
    ask = master_of(local_aws, "mlflow-parts-database")
    assert ask("SHOW max_connections") == "189"
    with clients_of(local_aws, parts.outputs["TrackingUri"], 120) as answers:
        most = max(int(ask(OPENED)) for _ in range(40))
    assert most <= 84
    assert most > 2 * 2, "more than what an idle service keeps"
    assert set(answers) == {200}


def test_short_invocations_hand_the_request_on_and_leave_nothing_of_it(
    local_aws: LocalAws, parts: Stack
) -> None:
    said = words_of(local_aws, f"{PROVIDER}-MLflowService")
    assert any("invocation 2" in line for line in said), said
    assert parts.statuses("Service") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert _rules_left(local_aws) == []
    assert _messages_left(local_aws) == 0


def test_a_session_on_a_read_only_server_is_refused_so_writes_recover(
    local_aws: LocalAws, parts: Stack
) -> None:
    uri = parts.outputs["TrackingUri"]
    log_run(local_aws, uri, "before")
    with read_only_database(local_aws, "mlflow-parts-database"):
        answers = {write_status(local_aws, uri) for _ in range(10)}
    assert answers == {503}, "another answer is not tried again by MLflow's clients"
    assert [write_status(local_aws, uri) for _ in range(20)] == [200] * 20


def test_service_of_another_stack_cannot_have_the_parts_that_are_not_shared_with_it(
    local_aws: LocalAws, hurried: str, parts: Stack
) -> None:
    """All that it names is refused in one answer, and a client of the parts sees nothing of it."""
    uri = parts.outputs["TrackingUri"]
    template = intruder(local_aws, make_network(local_aws), parts, hurried)
    log_run(local_aws, uri, "before the intruder")
    before = belongings(local_aws, parts)
    with clients_of(local_aws, uri, 2) as answers:
        stack = Stack.create(local_aws, "intruder", template)
        reason = stack.failures()["Service"]
    assert stack.status == "ROLLBACK_COMPLETE"
    assert set(answers) == {200}
    for name in template["Resources"]["Service"]["Properties"]:
        judged = name.startswith(("DatabaseS", "DatabaseC", "DatabaseM", "Artifact", "Sidecar"))
        assert (f"{name}: " in reason or f"{name}[0]" in reason) == judged, reason
    assert belongings(local_aws, parts) == before
    assert evidence.owned(local_aws.session().client, stack.id) == []
    stack.delete()


@pytest.mark.long
def test_service_of_another_stack_works_on_the_parts_once_they_are_shared_with_it(
    local_aws: LocalAws, hurried: str, parts: Stack
) -> None:
    shared = with_exports(TEMPLATE)
    for line in ("Path: /artifacts", "MaxCapacity: 1"):
        shared = shared.replace(line, f"{line}\n      SharedWithStacks: [guest]")
    parameters = [{"ParameterKey": key, "UsePreviousValue": True} for key in ("VpcId", "SubnetIds")]
    assert parts.update(shared, Parameters=parameters) == "UPDATE_COMPLETE", parts.failures()
    log_run(local_aws, parts.outputs["TrackingUri"], "for the guest")
    given = parts.parameters
    guest = Stack.create(
        local_aws,
        "guest",
        (EXAMPLES / "shared-service.yaml").read_text().replace("cfn-mlflow-", f"{hurried}-"),
        Parameters=[
            {"ParameterKey": "DatabaseStackName", "ParameterValue": parts.name},
            *(
                {"ParameterKey": key, "ParameterValue": given[key]}
                for key in ("VpcId", "SubnetIds")
            ),
        ],
    )
    assert guest.status == "CREATE_COMPLETE", guest.failures()
    assert "for the guest" in runs_of(local_aws, guest.outputs["TrackingUri"])
    assert guest.delete() == "DELETE_COMPLETE"
    assert parts.update(TEMPLATE, Parameters=parameters) == "UPDATE_COMPLETE", parts.failures()


def test_a_database_that_may_pause_does_so_under_running_tasks_and_comes_back(
    local_aws: LocalAws, parts: Stack
) -> None:
    paused = TEMPLATE.replace("MinCapacity: 0.5", "AutoPause: true")
    parameters = [{"ParameterKey": key, "UsePreviousValue": True} for key in ("VpcId", "SubnetIds")]
    assert parts.update(paused, Parameters=parameters) == "UPDATE_COMPLETE", parts.failures()
    uri = parts.outputs["TrackingUri"]
    log_run(local_aws, uri, "awake")
    wait_until_paused(local_aws, "mlflow-parts-database")
    answers: list[int] = []
    while not answers or (answers[-1] != 200 and len(answers) < 60):
        answers.append(answer_of(local_aws, uri))
        time.sleep(0.5)
    assert set(answers[:-1]) <= {503}, answers
    assert answers[-1] == 200, answers
    assert runs_of(local_aws, uri).keys() >= {"before", "awake"}


def test_the_parts_are_deleted_and_nothing_stays_owned(local_aws: LocalAws, parts: Stack) -> None:
    stack_id = parts.id
    assert parts.delete() == "DELETE_COMPLETE"
    assert evidence.owned(local_aws.session().client, stack_id) == []


@pytest.mark.long
def test_the_one_resource_completes_over_several_short_invocations_too(
    local_aws: LocalAws, hurried: str
) -> None:
    template = one_resource(make_network(local_aws), provider=hurried)
    stack = Stack.create(local_aws, "hurried-one", template, wait=False)
    migration = paused_migration(local_aws)
    wait_for_words(local_aws, f"{hurried}-MLflow", "invocation 2")
    migration.resume()
    assert stack.wait() == "CREATE_COMPLETE", stack.failures()
    assert answer_of(local_aws, stack.outputs["TrackingUri"]) == 200
    assert _rules_left(local_aws) == []
    assert stack.delete() == "DELETE_COMPLETE"


def _rules_left(aws: LocalAws) -> list[str]:
    """Return the rules that invoke a function of this provider and are no object of a resource."""
    events = aws.session().client("events")
    owners = {
        rule["Name"]: events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        for rule in events.list_rules()["Rules"]
    }
    return [
        name
        for name, tags in owners.items()
        if not any(tag["Key"] == "cfn-mlflow:owner" for tag in tags)
        for target in events.list_targets_by_rule(Rule=name)["Targets"]
        if f":function:{PROVIDER}-" in target["Arn"]
    ]


def _messages_left(aws: LocalAws) -> int:
    """Return how many requests are in the dead-letter queue of this provider."""
    sqs = aws.session().client("sqs")
    url = sqs.get_queue_url(QueueName=f"{PROVIDER}-dead-letters")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"])
