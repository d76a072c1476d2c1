"""Given one Custom::MLflow in a stack: what becomes of it, whatever happens to it.

The tests of this module follow one stack through its life, in the order in which they stand.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from cfn_mlflow.types.common.image import DEFAULT_IMAGE_TAG, OFFICIAL_IMAGE
from demo import evidence
from local import status
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.local_aws.watching import Watching
from tests.support.mlflow.mlflow_stacks import (
    Network,
    answer_of,
    calls_by,
    make_network,
    one_resource,
    wait_for_words,
    words_of,
)

FUNCTION = "cfn-mlflow-MLflow"
NAME = "claimed"
TAGS = {"team": "a", "cost centre": "12"}
INTERNET: dict[str, Any] = {
    "LoadBalancerIsInternal": "false",
    "LoadBalancerIngressCidrBlocks": ["0.0.0.0/0"],
}
OBJECTS = 20
"""A Custom::MLflow makes more than these that carry tags."""


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> Network:
    return make_network(local_aws)


@pytest.fixture(scope="module")
def beside_the_create(local_aws: LocalAws) -> Watching:
    """The command that watches, begun before there is a stack."""
    return Watching(local_aws, "mlflow", "--json")


@pytest.fixture(scope="module")
def mlflow(local_aws: LocalAws, network: Network, beside_the_create: Watching) -> Iterator[Stack]:
    """The stack, its function killed in the middle of the create, and watched all the while."""
    template = one_resource(network, UniqueName=NAME, Tags=TAGS)
    stack = Stack.create(local_aws, "mlflow", template, wait=False)
    wait_for_words(local_aws, FUNCTION, "database")
    local_aws.kill_function(FUNCTION)
    stack.wait()
    yield stack
    stack.delete()


def test_a_stack_completes_though_its_function_is_killed_in_the_middle(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    assert mlflow.status == "CREATE_COMPLETE", mlflow.failures()
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_every_object_but_the_tasks_roles_carries_the_tags(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    found = evidence.tags_of_owned(local_aws.session().client, mlflow.id)
    roles = {arn: found.pop(arn) for arn in tuple(found) if ":role/" in arn}
    assert len(found) > OBJECTS
    assert [arn for arn, tags in found.items() if not tags.items() >= TAGS.items()] == []
    assert len(roles) == 2
    for tags in roles.values():
        assert not tags.keys() & TAGS.keys()
        assert tags["cfn-mlflow:stack"] == mlflow.id.rsplit("/", 1)[-1]
        assert tags["cfn-mlflow:stack-name"] == "mlflow"


@pytest.mark.parametrize("address", ["elsewhere", "CloudFormation's, without a date"])
def test_a_delete_that_somebody_made_up_removes_nothing(
    local_aws: LocalAws, mlflow: Stack, address: str
) -> None:
    client = local_aws.session().client
    before = evidence.tags_of_owned(client, mlflow.id)
    key = urllib.parse.quote(f"{mlflow.id}|MLflow|made-up")
    bucket = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
    made_up = {
        "RequestType": "Delete",
        "ResponseURL": "https://127.0.0.1:1/x"
        if address == "elsewhere"
        else f"https://{bucket}/{key}",
        "StackId": mlflow.id,
        "RequestId": "made-up",
        "LogicalResourceId": "MLflow",
        "PhysicalResourceId": "x",
        "ResourceType": "Custom::MLflow",
        "ResourceProperties": {
            "UniqueName": NAME,
            "DatabaseSkipFinalSnapshot": "true",
            "ArtifactBucketEmptyOnDelete": "true",
        },
    }

    answer = client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(made_up).encode())

    assert "FunctionError" not in answer, answer["Payload"].read()
    assert evidence.tags_of_owned(client, mlflow.id) == before
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_the_status_gives_an_address_that_needs_no_proxy(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    told = status.text(local_aws)
    (address,) = re.findall(r"(http://\S+)  MLflow of mlflow, \d of \d tasks healthy", told)
    with urllib.request.urlopen(f"{address}/health") as answer:  # noqa: S310 - a loopback address
        assert answer.read() == b"OK"
    assert "  mlflow: CREATE_COMPLETE" in told


def test_what_is_waited_for_is_logged_in_words(local_aws: LocalAws, mlflow: Stack) -> None:
    said = words_of(local_aws, FUNCTION)
    assert any(line.startswith("database instance") and "creating" in line for line in said), said


def test_a_program_that_watches_the_create_gets_the_waits_and_the_outputs(
    mlflow: Stack, beside_the_create: Watching
) -> None:
    status, lines = beside_the_create.end()

    told = [json.loads(line) for line in lines]
    waits = [one for one in told if one["kind"] == "wait"]
    assert any(w["waits_for"].startswith("database") and w["state"] == "done" for w in waits), lines
    assert {one["path"] for one in waits} == {"MLflow"}
    assert (told[-1]["kind"], told[-1]["status"]) == ("ended", "CREATE_COMPLETE")
    assert told[-1]["outputs"] == mlflow.outputs
    assert status == 0


def test_an_update_is_made_in_place(local_aws: LocalAws, mlflow: Stack, network: Network) -> None:
    before = mlflow.outputs
    identity = mlflow.resource("MLflow")["PhysicalResourceId"]
    _tag_by_hand(local_aws, before["LoadBalancerArn"])
    changed = one_resource(
        network,
        UniqueName=NAME,
        ServiceCpu="1024",
        ServiceMaxCapacity="4",
        ServiceImageTag=f"{DEFAULT_IMAGE_TAG}@{before['ServiceImageDigest']}",
        Tags=[{"Key": "team", "Value": "b"}],
    )
    assert mlflow.update(changed) == "UPDATE_COMPLETE", mlflow.failures()
    assert mlflow.resource("MLflow")["PhysicalResourceId"] == identity
    assert mlflow.outputs["TrackingUri"] == before["TrackingUri"]
    assert mlflow.outputs["ServiceAutoscalingTargetMaxCapacity"] == "4"
    pinned = f"{OFFICIAL_IMAGE}:{DEFAULT_IMAGE_TAG}@{before['ServiceImageDigest']}"
    assert mlflow.outputs["ServiceImage"] == pinned
    assert mlflow.outputs["ServiceImageDigest"] == before["ServiceImageDigest"]
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_tags_taken_out_and_changed_by_the_update_are_so_on_every_object(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    owned = evidence.tags_of_owned(local_aws.session().client, mlflow.id)
    found = {arn: tags for arn, tags in owned.items() if ":role/" not in arn}
    assert len(found) > OBJECTS
    assert [arn for arn, tags in found.items() if tags.get("team") != "b"] == []
    assert [arn for arn, tags in found.items() if "cost centre" in tags] == []
    assert found[mlflow.outputs["LoadBalancerArn"]]["theirs"] == "kept"


def test_a_change_that_needs_a_new_load_balancer_makes_it_beside_the_old_one(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    before = mlflow.outputs
    opened = {**INTERNET, "LoadBalancerIsOpenToTheInternet": "true"}
    changed = one_resource(network, UniqueName=NAME, **opened)
    assert mlflow.update(changed) == "UPDATE_COMPLETE", mlflow.failures()
    after = mlflow.outputs
    assert after["LoadBalancerArn"] != before["LoadBalancerArn"]
    assert after["DatabaseClusterArn"] == before["DatabaseClusterArn"]
    assert _balancers(local_aws) == [after["LoadBalancerArn"]]
    tags = evidence.tags_of_owned(local_aws.session().client, mlflow.id)
    assert [arn for arn, found in tags.items() if "team" in found] == [], "none is asked any more"
    assert answer_of(local_aws, after["TrackingUri"]) == 200


def test_a_change_that_would_lose_data_is_refused_before_anything_changes(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    before = mlflow.outputs
    key = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
    changed = one_resource(
        network, UniqueName=NAME, LoadBalancerIsInternal="false", DatabaseKmsKeyArn=key
    )
    assert mlflow.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert "DatabaseKmsKeyArn:" in mlflow.failures()["MLflow"]
    assert mlflow.outputs == before
    assert answer_of(local_aws, before["TrackingUri"]) == 200


def test_open_to_all_without_sign_in_is_refused_where_nobody_says_so(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    before = mlflow.outputs
    changed = one_resource(network, UniqueName=NAME, **INTERNET)
    assert mlflow.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [event.reason for event in mlflow.events() if event.status == "UPDATE_FAILED"]
    told = "[InvalidProperty] LoadBalancerIsOpenToTheInternet: "
    assert any(told in reason and "ServiceBasicAuth" in reason for reason in reasons), reasons
    assert mlflow.outputs == before
    narrowed = one_resource(network, UniqueName=NAME, LoadBalancerIsInternal="false")
    assert mlflow.update(narrowed) == "UPDATE_COMPLETE", mlflow.failures()
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_update_to_an_image_that_cannot_be_pulled_goes_back_and_mlflow_answers(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    before = mlflow.outputs
    changed = one_resource(
        network,
        UniqueName=NAME,
        LoadBalancerIsInternal="false",
        ServiceImage="ghcr.io/mlflow/mlflow:v0.0.1-full",
    )
    watching = Watching(local_aws, "mlflow")
    assert mlflow.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [e.reason for e in mlflow.events() if e.status == "UPDATE_FAILED"]
    assert any("[ImageNotPullable] " in each and "v0.0.1" in each for each in reasons), reasons
    status, lines = watching.end()
    cause = next(line for line in lines if line.startswith("Cause: "))
    assert cause.startswith("Cause: MLflow (Custom::MLflow): [ImageNotPullable] ")
    assert "v0.0.1-full" in cause
    assert lines[-1].startswith("Next:  The stack is as it was before the update.")
    assert status == 1
    assert mlflow.outputs == before
    assert answer_of(local_aws, before["TrackingUri"]) == 200


def test_a_second_stack_with_the_same_unique_name_fails_naming_the_first(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    second = Stack.create(local_aws, "second", one_resource(network, UniqueName=NAME))
    assert second.status == "ROLLBACK_COMPLETE"
    refusal = second.failures()["MLflow"]
    assert f"[NameTaken] UniqueName: '{NAME}' is taken by the stack mlflow. " in refusal
    assert mlflow.id not in refusal
    assert evidence.owned(local_aws.session().client, second.id) == []
    assert answer_of(local_aws, mlflow.outputs["TrackingUri"]) == 200


def test_the_name_of_a_resource_that_its_deleted_stack_left_goes_to_the_next(
    local_aws: LocalAws,
) -> None:
    bucket = {
        "Type": "Custom::MLflowBucket",
        "DeletionPolicy": "Retain",
        "Properties": {
            "ServiceToken": {"Fn::ImportValue": "cfn-mlflow-MLflowBucket"},
            "UniqueName": "kept",
        },
    }
    first = Stack.create(local_aws, "kept-first", {"Resources": {"Bucket": bucket}})
    assert first.status == "CREATE_COMPLETE", first.failures()
    alive = Stack.create(local_aws, "kept-beside", {"Resources": {"Bucket": bucket}})
    reason = alive.failures()["Bucket"]
    assert "[NameTaken] UniqueName: 'kept' is taken by the stack kept-first. " in reason
    assert first.delete() == "DELETE_COMPLETE"
    client = local_aws.session().client
    [left] = [arn for arn in evidence.owned(client, first.id) if ":s3:" in arn]
    next_one = Stack.create(
        local_aws, "kept-next", {"Resources": {"Bucket": {**bucket, "DeletionPolicy": "Delete"}}}
    )
    assert next_one.status == "CREATE_COMPLETE", next_one.failures()
    assert left in evidence.owned(client, first.id), "what was left is left alone"
    assert next_one.delete() == "DELETE_COMPLETE"
    client("s3").delete_bucket(Bucket=left.rpartition(":")[2])


def test_three_mistakes_are_named_together_and_cloudformation_alone_is_asked(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    before = calls_by(local_aws, FUNCTION)
    wrong = one_resource(
        network, ServiceCpu="3000", DatabaseMinCapacity="0.3", ServiceImageTags="v3.17.2-full"
    )
    # Without the rollback, whose Delete must look for what there might be.
    stack = Stack.create(local_aws, "mistaken", wrong, DisableRollback=True)
    reason = stack.failures()["MLflow"]
    assert "[InvalidProperty] " in reason
    assert all(p in reason for p in ("ServiceCpu", "DatabaseMinCapacity", "ServiceImageTags"))
    assert calls_by(local_aws, FUNCTION) == before, local_aws.calls()
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_deletion_leaves_nothing_owned_and_the_data_as_a_snapshot(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    stack_id = mlflow.id
    watching = Watching(local_aws, "mlflow")
    assert mlflow.delete() == "DELETE_COMPLETE"
    status, lines = watching.end()
    assert (status, "mlflow is DELETE_COMPLETE after" in lines[-1]) == (0, True), lines
    assert evidence.owned(local_aws.session().client, stack_id) == []
    left = evidence.left_by(local_aws.session().client, stack_id)
    assert any("cluster-snapshot" in arn for arn in left), left


def _balancers(aws: LocalAws) -> list[str]:
    found: Any = aws.session().client("elbv2").describe_load_balancers()["LoadBalancers"]
    return [balancer["LoadBalancerArn"] for balancer in found]


def _tag_by_hand(aws: LocalAws, arn: str) -> None:
    aws.session().client("elbv2").add_tags(
        ResourceArns=[arn], Tags=[{"Key": "theirs", "Value": "kept"}]
    )
