"""Custom::MLflowService from its properties to AWS and back, whatever happens in between."""

from __future__ import annotations

import json

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.logins import RotatedLoginSecret
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.attributes import ServiceAttributes
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse_for_removal
from tests.support.beside_moto import stacks
from tests.support.beside_moto.fargate import End, Fargate, migrated
from tests.support.codes import failing
from tests.support.graphs.served_kit import (
    Properties,
    definition,
    environment,
    graph_of,
    owned,
    server,
)
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.service_kit import HEAD, boto, converge, owner, remove

NEWER = "f4a9b2c7d1e6"

OF_AN_UPGRADE = {"SchemaMigrations", "SchemaSnapshotId"}
"""Attributes that a new service has nothing to say of."""


def removal_of(properties: Properties, whose: Owner | None = None) -> Graph:
    return service._graph(whose or owner(), parse_for_removal(ServiceProperties, properties))


def test_given_the_required_properties_then_every_attribute_as_read_from_aws(
    fargate: Fargate, properties: Properties
) -> None:
    given = converge(graph_of(properties))
    assert given.keys() == {str(field.alias) for field in ServiceAttributes.model_fields.values()}
    assert {name for name, value in given.items() if not value} == OF_AN_UPGRADE
    assert given["TrackingUri"] == f"http://{given['LoadBalancerDnsName']}"
    assert given["SchemaRevision"] == HEAD
    assert (given["TaskRoleId"], given["ExecutionRoleId"]) == (
        "mlflow-task-abcdefghij",
        "mlflow-execution-abcdefghij",
    )


def test_given_it_is_there_then_a_second_time_writes_nothing_and_says_the_same(
    fargate: Fargate, properties: Properties
) -> None:
    first = converge(graph_of(properties))
    with watched() as calls:
        assert converge(graph_of(properties)) == first
    assert calls.writes == []


def test_service_task_starts_only_after_the_first_migration_has_ended(
    fargate: Fargate, properties: Properties
) -> None:
    with watched() as calls:
        converge(graph_of(properties))
    assert calls.made.index("CreateListener") < calls.made.index("CreateService")
    tagged = calls.made.index("TagResource")
    assert calls.made.index("RunTask") < tagged < calls.made.index("CreateService")
    assert calls.writes[-1] == "ModifyLoadBalancerAttributes", "protection is the last step"


def test_given_a_migration_that_cannot_be_then_nothing_of_the_service_changes(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    before = json.dumps(fargate.services, default=str)
    fargate.inspection_ends = [migrated(HEAD, "ahead", **{"from": NEWER})]
    with (
        stacks.standing("UPDATE_IN_PROGRESS"),
        failing(Reason.SchemaAhead, match="The database is ahead of the image"),
    ):
        converge(graph_of(properties | {"ImageTag": "v3.16.0-full"}))
    assert json.dumps(fargate.services, default=str) == before


def test_given_every_invocation_dies_after_its_next_write_then_it_ends_the_same(
    fargate: Fargate, properties: Properties
) -> None:
    deaths = 0
    for _ in range(60):
        try:
            with watched(last_write=1):
                given = converge(graph_of(properties))
            break
        except Killed:
            deaths += 1
    assert deaths > 20
    assert len(fargate.migrations) == 1
    with watched() as calls:
        assert converge(graph_of(properties)) == given
    assert calls.writes == []


def test_given_a_removal_that_dies_after_each_write_then_nothing_owned_is_left(
    fargate: Fargate, properties: Properties
) -> None:
    before = owned(fargate)
    converge(graph_of(properties))
    for _ in range(60):
        try:
            with watched(last_write=1):
                remove(removal_of(properties))
            break
        except Killed:
            continue
    assert owned(fargate) == before == {}


@pytest.mark.parametrize("kept", [(), ("VpcId", "SubnetIds")])
def test_given_a_delete_whose_properties_are_gone_then_all_is_found_by_name(
    fargate: Fargate, properties: Properties, kept: tuple[str, ...]
) -> None:
    converge(graph_of(properties))
    remove(removal_of({name: properties[name] for name in kept}))
    assert owned(fargate) == {}


def test_given_two_services_then_the_removal_of_one_leaves_the_other(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties, owner("Other")))
    others = owned(fargate)
    converge(graph_of(properties))
    remove(removal_of(properties))
    assert owned(fargate) == others
    with watched() as calls:
        converge(graph_of(properties, owner("Other")))
    assert calls.writes == []


def test_given_another_size_then_a_new_revision_and_no_migration(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    converge(graph_of(properties | {"Cpu": "1024", "Memory": "2048"}))
    assert (definition()["cpu"], definition()["memory"]) == ("1024", "2048")
    assert len(fargate.migrations) == 1
    assert len(boto("ecs").list_task_definitions()["taskDefinitionArns"]) == 2


def test_given_what_the_database_takes_then_the_pools_fit_and_the_sum_is_given(
    fargate: Fargate, properties: Properties
) -> None:
    for taken, pool, sum_of_it in (
        ("189", ("5", "5"), "168 of 189"),
        ("400", ("7", "8"), "248 of 400"),
    ):
        given = converge(graph_of(properties | {"DatabaseMaxConnections": taken}))
        assert given["ConnectionBudget"].endswith(f"twice in a deployment: {sum_of_it}")
        told = environment(server())
        names = ("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW")
        assert tuple(told[name] for name in names) == pool
    assert len(fargate.migrations) == 1, "no migration for that"


def test_given_another_image_then_it_is_migrated_before_it_is_deployed(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER)]
    with watched() as calls:
        given = converge(graph_of(properties | {"ImageTag": "v3.18.0-full"}))
    assert given["SchemaRevision"] == NEWER
    assert calls.writes[:2] == ["RegisterTaskDefinition", "RunTask"]
    stopped = calls.made.index("UpdateService")
    ran = [place for place, name in enumerate(calls.made) if name == "RunTask"]
    moved = len(calls.made) - 1 - calls.made[::-1].index("UpdateService")
    assert ran[0] < stopped < ran[1] < moved < ran[2], "look, stop, migrate, move, check"
    assert server()["image"] == "ghcr.io/mlflow/mlflow:v3.18.0-full"


def test_rollback_of_a_change_that_crashes_needs_no_new_revision_and_no_migration(
    fargate: Fargate, properties: Properties
) -> None:
    first = converge(graph_of(properties))
    fargate.server_ends = lambda found: End(1, "boom") if found["cpu"] == "1024" else None
    with pytest.raises(PermanentError, match="ended with exit code 1; its log says: boom"):
        converge(graph_of(properties | {"Cpu": "1024", "Memory": "2048"}))
    with watched() as calls:
        assert converge(graph_of(properties)) == first
    assert {"RegisterTaskDefinition", "RunTask"}.isdisjoint(calls.made)
    assert len(fargate.migrations) == 1


def test_given_a_rotated_login_then_the_tasks_have_the_active_one_and_may_read_both(
    fargate: Fargate, properties: Properties
) -> None:
    logins = Graph()
    for names in (("mlflow_app", "mlflow_app_2"), ("mlflow_app_2", "mlflow_app")):
        logins.add(RotatedLoginSecret(owner("Other"), None, *names))
    converge(logins)
    found = boto("secretsmanager").list_secrets()["SecretList"]
    arns = sorted(one["ARN"] for one in found if "mlflow-app" in one["Name"])
    boto("secretsmanager").tag_resource(
        SecretId=arns[0],
        Tags=[{"Key": "cfn-mlflow:turn", "Value": "since 2026-01-01T00:00:00Z r1"}],
    )
    converge(graph_of(properties | {"DatabaseSecretArn": arns[1]}))
    named = {one["name"]: one["valueFrom"] for one in server()["secrets"]}
    assert named["PGPASSWORD"] == f"{arns[0]}:password::"
    policy = boto("iam").get_role_policy(
        RoleName="mlflow-execution-abcdefghij", PolicyName="cfn-mlflow"
    )["PolicyDocument"]
    [secrets] = [one for one in policy["Statement"] if one["Sid"] == "Secrets"]
    assert set(arns) < set(secrets["Resource"])
