"""Given the four parts wired by GetAtt, on a provider as a careful account has it.

Its functions have 30 seconds, a key of the account's own, one invocation each, and lists of the
networks and images that stacks may use.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.careful import (
    RESERVED,
    RESERVED_FOR_THE_LAST_WORD,
    Careful,
    keys_of,
    reservations_of,
)
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
from tests.support.mlflow.neighbours import (
    EXAMPLES,
    assert_another_team_gets_nothing,
    faults_of,
    named,
    nested,
    with_exports,
)
from tests.support.mlflow.parts_database import (
    read_only_database,
    wait_until_paused,
    write_status,
)
from tests.support.template.provider_template import FUNCTIONS

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
def hurried(local_aws: LocalAws) -> Careful:
    """A second provider beside the first, whose functions time out after 30 seconds."""
    key = local_aws.session().client("kms").create_key()["KeyMetadata"]["Arn"]
    careful = Careful(PROVIDER, key, make_network(local_aws))
    parameters = {**careful.parameters, "FunctionTimeout": "30"}
    local_aws.deploy_provider(parameters, stack_name=PROVIDER)
    return careful


@pytest.fixture(scope="module")
def parts(local_aws: LocalAws, hurried: Careful) -> Iterator[Stack]:
    network = hurried.network
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
    wait_for_words(local_aws, f"{PROVIDER}-MLflowService", "invocation 2")
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


def test_keys_and_reservations_of_the_account_are_on_all_that_the_provider_has(
    local_aws: LocalAws, hurried: Careful
) -> None:
    keys = keys_of(local_aws, PROVIDER)
    functions = {f"{PROVIDER}-{name}" for name in FUNCTIONS}
    groups = {f"/aws/lambda/{name}" for name in functions}
    queues = {f"{PROVIDER}-dead-letters", f"{PROVIDER}-failed-rotations"}
    assert keys == dict.fromkeys(functions | groups | queues, hurried.key)
    reserved = dict.fromkeys(functions, RESERVED)
    reserved[f"{PROVIDER}-LastWord"] = RESERVED_FOR_THE_LAST_WORD
    assert reservations_of(local_aws, PROVIDER) == reserved


def test_stack_of_another_team_has_nothing_of_the_parts_by_any_property(
    local_aws: LocalAws, parts: Stack
) -> None:
    assert_another_team_gets_nothing(local_aws, PROVIDER, parts)


def test_stack_that_is_nested_in_another_is_told_to_share_with_its_own_name(
    local_aws: LocalAws, parts: Stack
) -> None:
    token = {"Fn::ImportValue": f"{PROVIDER}-MLflowBucket"}
    bucket = named(local_aws, parts, ":s3:::").rpartition(":")[2]
    thing = {
        "Type": "Custom::MLflowBucket",
        "Properties": {"ServiceToken": token, "BucketId": bucket},
    }
    root = Stack.create(local_aws, "root", nested(local_aws, {"Resources": {"Bucket": thing}}))
    assert root.status == "ROLLBACK_COMPLETE"
    inner = next(
        one.physical_id for one in root.events() if one.logical_id == "Inner" and one.physical_id
    )
    name = inner.split("/")[1]
    assert name.startswith("root-Inner-")
    [refused] = faults_of(local_aws, f"{PROVIDER}-MLflowBucket", inner)
    assert f"Name {name} in the property SharedWithStacks there" in refused
    root.delete()


@pytest.mark.long
def test_service_of_another_stack_works_on_the_parts_once_they_are_shared_with_it(
    local_aws: LocalAws, parts: Stack
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
        (EXAMPLES / "shared-service.yaml").read_text().replace("cfn-mlflow-", f"{PROVIDER}-"),
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
def test_resource_is_made_changed_and_deleted_by_several_short_invocations_too(
    local_aws: LocalAws, hurried: Careful
) -> None:
    network = hurried.network
    template = one_resource(network, provider=PROVIDER)
    stack = Stack.create(local_aws, "hurried-one", template, wait=False)
    migration = paused_migration(local_aws)
    wait_for_words(local_aws, f"{PROVIDER}-MLflow", "invocation 2")
    migration.resume()
    assert stack.wait() == "CREATE_COMPLETE", stack.failures()
    assert answer_of(local_aws, stack.outputs["TrackingUri"]) == 200
    elsewhere = one_resource(network, provider=PROVIDER, ServiceImage="attacker.example/x:v3.17.2")
    assert stack.update(elsewhere) == "UPDATE_ROLLBACK_COMPLETE"
    refused = "ServiceImage: attacker.example/x:v3.17.2 is no image that the provider may run"
    assert refused in stack.failures()["MLflow"]
    assert_another_team_gets_nothing(local_aws, PROVIDER, stack)
    larger = one_resource(network, provider=PROVIDER, ServiceCpu="1024")
    assert stack.update(larger) == "UPDATE_COMPLETE", stack.failures()
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
