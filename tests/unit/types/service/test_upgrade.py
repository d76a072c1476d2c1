"""A service whose image is newer than its database: the steps, and what a failure leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from tests.support.beside_moto import stacks
from tests.support.beside_moto.fargate import End, Fargate, checked, migrated
from tests.support.codes import failing
from tests.support.graphs.upgrade_kit import (
    NAME,
    OLDER,
    Properties,
    graph_of,
    is_as_before,
    newer,
    older,
    suspended,
)
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import HEAD, STACK, boto, converge

__all__ = ["newer", "older"]

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
ROOT_STACK = STACK.replace("/team/", "/platform/")


def test_given_what_the_user_has_suspended_then_it_is_suspended_again_after(
    fargate: Fargate, newer: Properties
) -> None:
    boto("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{NAME}/{NAME}",
        ScalableDimension="ecs:service:DesiredCount",
        SuspendedState={"ScheduledScalingSuspended": True},
    )
    converge(graph_of(newer))
    assert suspended() == {"ScheduledScalingSuspended"}


def test_upgrade_whose_function_dies_behind_every_write_ends_the_same(
    fargate: Fargate, newer: Properties
) -> None:
    writes = dying_behind_every_write(lambda: converge(graph_of(newer)))
    assert len(writes) > 12
    assert is_as_before(fargate)
    assert len(fargate.migrations) == 2
    assert len(fargate.servers(NAME)) == 3
    with watched() as calls:
        converge(graph_of(newer))
    assert calls.writes == []


def test_rollback_of_a_rollout_behind_the_migration_serves_on_the_new_image(
    fargate: Fargate, older: Properties, newer: Properties
) -> None:
    fargate.inspection_ends.append(migrated(OLDER, "ahead", **{"from": HEAD}))
    fargate.server_ends = lambda found: End(1, "no room") if found["cpu"] == "512" else None
    with pytest.raises(PermanentError, match="no room"):
        converge(graph_of(newer, Cpu="512", Memory="1024"))
    give_up(graph_of(newer), explain)
    with stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        given = converge(graph_of(older))
    assert given["Image"] == "ghcr.io/mlflow/mlflow:v3.17.2-full"
    assert given["SchemaRevision"] == HEAD
    task = boto("ecs").describe_task_definition(taskDefinition=given["TaskDefinitionArn"])
    assert task["taskDefinition"]["cpu"] == "2048", "all but the image is as before"
    assert is_as_before(fargate)


def test_image_of_another_registry_can_be_pulled_as_long_as_it_stands_in(
    fargate: Fargate, older: Properties, newer: Properties
) -> None:
    mirrored = instead(newer, f"{REGISTRY}/mlflow:v3.17.2")
    fargate.inspection_ends.append(migrated(OLDER, "ahead", **{"from": HEAD}))
    fargate.server_ends = lambda found: End(1, "no room") if found["cpu"] == "512" else None
    with pytest.raises(PermanentError, match="no room"):
        converge(graph_of(mirrored, Cpu="512", Memory="1024"))
    with stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"):
        given = converge(graph_of(older))
    assert given["Image"] == mirrored["Image"]
    assert "repository/mlflow" in json.dumps(execution_policies())
    fargate.inspection_ends.append(migrated(HEAD, "current", **{"from": HEAD}))
    converge(graph_of(mirrored))
    [policy] = execution_policies()
    assert "repository/mlflow" in json.dumps(policy)


def test_given_another_registry_then_the_old_tasks_may_pull_until_the_new_ones_serve(
    fargate: Fargate, older: Properties
) -> None:
    fargate.inspection_ends.append(migrated(OLDER, "current", **{"from": OLDER}))
    converge(graph_of(instead(older, f"{REGISTRY}/first:v3.16.1")))
    allowed: list[str] = []
    fargate.after_update = lambda: allowed.append(json.dumps(execution_policies()))
    fargate.inspection_ends.append(migrated(OLDER, "current", **{"from": OLDER}))
    converge(graph_of(instead(older, f"{REGISTRY}/second:v3.16.1")))
    assert all("repository/first" in one and "repository/second" in one for one in allowed)
    assert allowed
    [policy] = execution_policies()
    assert "repository/first" not in json.dumps(policy)


def instead(properties: Properties, image: str) -> Properties:
    """Return the properties with an image of another registry."""
    return {name: value for name, value in properties.items() if name != "ImageTag"} | {
        "Image": image
    }


def execution_policies() -> list[Any]:
    """Return every inline policy of the role that starts the tasks."""
    iam, role = boto("iam"), "mlflow-execution-abcdefghij"
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]


def test_given_a_fallback_image_that_fails_the_deep_check_then_the_way_out_is_told(
    fargate: Fargate, older: Properties, newer: Properties
) -> None:
    fargate.inspection_ends.append(migrated(OLDER, "ahead", **{"from": HEAD}))
    fargate.check_ends = [checked(), checked("10.0.0.1:5000 answers 503")]
    with failing(Reason.DeepCheckFailed, match=r"deep check: 10\.0\.0\.1:5000 answers 503"):
        converge(graph_of(newer))
    with (
        stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"),
        pytest.raises(PermanentError) as raised,
    ):
        converge(graph_of(older))
    assert "deep check: 10.0.0.1:5000 answers 503" in str(raised.value)
    assert "--stack-name team --resources-to-skip MLflow;" in str(raised.value)


@pytest.mark.parametrize(
    ("root", "command"),
    [
        ("", "--stack-name team --resources-to-skip MLflow;"),
        (ROOT_STACK, "--stack-name platform --resources-to-skip team.MLflow;"),
    ],
    ids=["a stack of its own", "a nested stack"],
)
def test_given_an_image_that_serves_nowhere_then_the_rollback_names_the_way_out(
    fargate: Fargate, older: Properties, newer: Properties, root: str, command: str
) -> None:
    fargate.inspection_ends.append(migrated(OLDER, "ahead", **{"from": HEAD}))

    def ends(found: dict[str, Any]) -> End | None:
        image = found["containerDefinitions"][0]["image"]
        return End(1, "cannot start") if "3.17" in image else None

    fargate.server_ends = ends
    with pytest.raises(PermanentError, match="cannot start"):
        converge(graph_of(newer))
    with (
        stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS", root),
        pytest.raises(PermanentError) as raised,
    ):
        converge(graph_of(older))
    assert "cannot start" in str(raised.value)
    assert command in str(raised.value)
    assert len(str(raised.value).encode()) <= 400
