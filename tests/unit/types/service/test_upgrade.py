"""A service whose image is newer than its database: the steps, and what a failure leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.autoscaling.suspension import SUSPENDED_TAG, SUSPENSIONS
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.ecs.service import COUNT_TAG
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.objects import stacks
from tests.support.objects.fargate import End, Fargate, behind, checked, migrated
from tests.support.objects.kill_points import Killed, dying_behind_every_write, watched
from tests.support.objects.service_kit import HEAD, STACK, boto, converge, owner

OLDER = "b7e2c1a4d9f3"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
ROOT_STACK = STACK.replace("/team/", "/platform/")
NAME = "mlflow-abcdefghij"
Properties = dict[str, Any]


def graph_of(properties: Properties, **more: Any) -> Graph:
    return service._graph(owner(), parse(ServiceProperties, properties | more))


@pytest.fixture
def older(fargate: Fargate, properties: Properties) -> Properties:
    """The properties of a service that runs an older MLflow, three tasks of it."""
    old = properties | {"ImageTag": "v3.16.1-full", "MaxCapacity": "4"}
    fargate.inspection_ends = [migrated(OLDER, "empty"), behind(OLDER, HEAD)]
    fargate.migration_ends = [migrated(OLDER), migrated(HEAD, **{"from": OLDER})]
    converge(graph_of(old))
    boto("ecs").update_service(cluster=NAME, service=NAME, desiredCount=3)
    return old


@pytest.fixture
def newer(older: Properties) -> Properties:
    """The same service, as it is to be with a newer MLflow."""
    return older | {"ImageTag": "v3.17.2-full"}


def desired(fargate: Fargate) -> int:
    return int(fargate.services[NAME]["desiredCount"])


def service_tags(fargate: Fargate) -> set[str]:
    return {one["key"] for one in fargate.services[NAME]["tags"]}


def scaling() -> dict[str, Any]:
    """Return the scalable target and its tags."""
    client = boto("application-autoscaling")
    [target] = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    tags = client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
    return {**target, "Tags": tags}


def suspended() -> set[str]:
    state = scaling().get("SuspendedState", {})
    return {name for name in SUSPENSIONS if state.get(name)}


def is_as_before(fargate: Fargate) -> bool:
    """Tell whether count and scaling are as they were, and no mark of a standstill is left."""
    marked = COUNT_TAG in service_tags(fargate) or SUSPENDED_TAG in scaling()["Tags"]
    return desired(fargate) == 3 and not suspended() and not marked


def test_given_pending_revisions_then_no_old_task_runs_while_they_do_and_all_come_back(
    fargate: Fargate, newer: Properties
) -> None:
    seen: list[tuple[int, set[str]]] = []

    def look() -> None:
        seen.append((len(fargate.servers(NAME)), suspended()))

    fargate.on_migration = look
    given = converge(graph_of(newer))
    assert seen == [(0, set(SUSPENSIONS))]
    assert is_as_before(fargate)
    assert given["SchemaRevision"] == HEAD
    assert given["SchemaMigrations"].split(",")[-1] == HEAD


def test_given_nothing_pending_then_the_old_tasks_run_on(
    fargate: Fargate, newer: Properties
) -> None:
    fargate.inspection_ends[-1] = migrated(OLDER, "current", **{"from": OLDER})
    counts: list[int] = []
    fargate.after_update = lambda: counts.append(desired(fargate))
    given = converge(graph_of(newer))
    assert set(counts) == {3}
    assert len(fargate.migrations) == 1
    assert given["SchemaMigrations"] == ""


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


def test_given_a_function_that_dies_behind_every_write_then_the_upgrade_ends_the_same(
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"migration_ends": [End(1, "boom")]}, "migration task: "),
        ({"server_ends": lambda _: End(1, "boom")}, "ECS service: "),
        ({"check_ends": [checked("10.0.0.1:5000 answers 503")]}, "deep check: 10.0.0.1"),
    ],
    ids=["migration", "rollout", "deep check"],
)
def test_given_a_failure_at_any_step_then_giving_up_lets_count_and_scaling_be_as_before(
    fargate: Fargate,
    newer: Properties,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    words: str,
) -> None:
    monkeypatch.setattr("cfn_mlflow.upgrade.image_task.SECONDS_FOR_THE_LOG", -1)
    for name, value in change.items():
        setattr(fargate, name, value if callable(value) else [*getattr(fargate, name)[:1], *value])
    with pytest.raises(PermanentError, match=words):
        converge(graph_of(newer))
    give_up(graph_of(newer), explain)
    assert is_as_before(fargate)


def test_given_a_failure_while_tasks_are_stopping_then_giving_up_starts_them_again(
    fargate: Fargate, newer: Properties
) -> None:
    while desired(fargate):
        with watched(last_write=1), pytest.raises(Killed):
            converge(graph_of(newer))
    assert not is_as_before(fargate)
    give_up(graph_of(newer), explain)
    assert is_as_before(fargate)


def test_given_a_migration_that_runs_on_then_giving_up_starts_no_old_task_beside_it(
    fargate: Fargate, newer: Properties
) -> None:
    fargate.looks_to_end = 5
    convergence = Convergence(graph_of(newer), explain)
    while len(fargate.migrations) < 2:
        convergence.step()
    give_up(graph_of(newer), explain)
    assert desired(fargate) == 0
    assert suspended() == set(SUSPENSIONS)


def test_given_a_rollout_that_fails_behind_the_migration_then_the_rollback_serves_on_the_new_image(
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


def test_given_a_fallback_image_of_another_registry_then_it_can_be_pulled(
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
    with pytest.raises(PermanentError, match=r"deep check: 10\.0\.0\.1:5000 answers 503"):
        converge(graph_of(newer))
    with (
        stacks.standing("UPDATE_ROLLBACK_IN_PROGRESS"),
        pytest.raises(PermanentError) as raised,
    ):
        converge(graph_of(older))
    assert "deep check: 10.0.0.1:5000 answers 503" in str(raised.value)
    assert "--stack-name team --resources-to-skip MLflow;" in str(raised.value)


def test_given_the_time_is_up_before_the_migration_then_the_next_attempt_looks_anew(
    fargate: Fargate, newer: Properties
) -> None:
    looks, fargate.looks_to_end = len(fargate.runs_for("inspect")), 5
    convergence = Convergence(graph_of(newer), explain)
    while len(fargate.runs_for("inspect")) == looks:
        convergence.step()
    give_up(graph_of(newer), explain)
    fargate.inspection_ends.append(fargate.inspection_ends[-1])
    converge(graph_of(newer))
    assert len(fargate.runs_for("inspect")) == looks + 2, "so its snapshot is of then, too"


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
