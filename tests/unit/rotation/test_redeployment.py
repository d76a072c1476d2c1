"""A service deployed anew with another login, and nothing else changed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cfn_mlflow.aws.ecs.task_definition import IMAGE_DIGEST_TAG
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import OutdatedError, PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.redeployment import RevisionOnLogin, RevisionView
from local.emulator.postgres.server import PostgresServer
from tests.support.beside_moto.fargate import End, Fargate
from tests.support.codes import failing
from tests.support.graphs.rotation_kit import (
    CLUSTER,
    SERVICE,
    arn,
    asked_for,
    enters,
    finish,
    given,
    passwords,
    register,
    rotate,
    runs_on,
    service,
    tags,
)
from tests.support.objects.service_kit import boto

__all__ = ["given", "service"]


def test_given_a_revision_then_nothing_but_the_secret_differs_and_tags_are_kept(
    service: str, fargate: Fargate
) -> None:
    boto("ecs").tag_resource(resourceArn=service, tags=tags({IMAGE_DIGEST_TAG: "sha256:0"}))
    rotate()
    newer = fargate.services[SERVICE]["taskDefinition"]
    assert newer != service
    described = [
        boto("ecs").describe_task_definition(taskDefinition=one, include=["TAGS"])
        for one in (service, newer)
    ]
    texts = [
        json.dumps(found["taskDefinition"]["containerDefinitions"], sort_keys=True)
        for found in described
    ]
    assert texts[1] == texts[0].replace(arn("mlflow_app"), arn("mlflow_app_2"))
    # ECS resolves an image's tag anew for each revision, so that tag is left out.
    kept = [tag for tag in described[0]["tags"] if tag["key"] != IMAGE_DIGEST_TAG]
    assert described[1]["tags"] == kept != []


def test_tasks_that_fail_leave_the_old_login_good_and_the_rotation_begun(
    service: str, fargate: Fargate, server: PostgresServer
) -> None:
    second = arn("mlflow_app_2")
    fargate.server_ends = lambda found: End(1, "boom") if second in json.dumps(found) else None
    with failing(Reason.TaskFailed, match="ended with exit code 1; its log says: boom"):
        rotate("r1")
    made = passwords()
    assert enters(server, "mlflow_app")
    newest = boto("ecs").describe_task_definition(taskDefinition=SERVICE)["taskDefinition"]
    assert newest["taskDefinitionArn"] == service, "the failed revision is not the newest any more"
    boto("ecs").update_service(cluster=SERVICE, service=SERVICE, taskDefinition=service)
    fargate.server_ends = lambda found: None
    rotate("r2")
    assert passwords() == made
    assert runs_on(fargate) == ["mlflow_app_2"]


def test_given_another_deployment_takes_its_place_then_it_fails_and_does_not_fight(
    service: str, fargate: Fargate
) -> None:
    def update_of_the_stack() -> None:
        fargate.after_update = lambda: None
        boto("ecs").update_service(cluster=SERVICE, service=SERVICE, taskDefinition=service)

    fargate.after_update = update_of_the_stack
    with failing(Reason.DeploymentReplaced, match="another deployment replaced this one"):
        rotate()
    assert runs_on(fargate) == ["mlflow_app"]


def behind_the_first_revision(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]
) -> None:
    """Let something happen once, between the revision of a rotation and its deployment."""
    observe = RevisionOnLogin.observe

    def observe_and_more(revision: RevisionOnLogin) -> Observation[RevisionView] | None:
        found = observe(revision)
        if found:
            monkeypatch.undo()
            happens()
        return found

    monkeypatch.setattr(RevisionOnLogin, "observe", observe_and_more)


def test_stack_update_before_the_deployment_is_looked_at_anew_and_kept(
    service: str, fargate: Fargate
) -> None:
    def update_of_the_stack() -> None:
        definition = register(arn("mlflow_app"), image="a:2")
        boto("ecs").update_service(cluster=SERVICE, service=SERVICE, taskDefinition=definition)

    with pytest.MonkeyPatch.context() as monkeypatch:
        behind_the_first_revision(monkeypatch, update_of_the_stack)
        rotate()
    assert runs_on(fargate) == ["mlflow_app_2"]
    runs = fargate.services[SERVICE]["taskDefinition"]
    found = boto("ecs").describe_task_definition(taskDefinition=runs)["taskDefinition"]
    assert {one["image"] for one in found["containerDefinitions"]} == {"a:2"}
    inactive = boto("ecs").list_task_definitions(familyPrefix=SERVICE, status="INACTIVE")
    assert [one.rsplit(":", 1)[1] for one in inactive["taskDefinitionArns"]] == ["2"]


def test_given_a_stopped_service_before_the_deployment_then_it_waits_for_its_end(
    service: str, fargate: Fargate
) -> None:
    count = tags({"cfn-mlflow:count": "2"})

    def stop_for_a_migration() -> None:
        fargate.services[SERVICE]["tags"] += count

    with pytest.MonkeyPatch.context() as monkeypatch:
        behind_the_first_revision(monkeypatch, stop_for_a_migration)
        with pytest.raises(AssertionError, match="the service is stopped for a migration"):
            rotate(looks=10)
    assert fargate.services[SERVICE]["taskDefinition"] == service
    fargate.services[SERVICE]["tags"].remove(count[0])
    rotate()
    assert runs_on(fargate) == ["mlflow_app_2"]


def test_failed_revision_that_the_service_has_not_left_is_waited_for(
    service: str, fargate: Fargate
) -> None:
    second = arn("mlflow_app_2")
    fargate.server_ends = lambda found: End(1, "boom") if second in json.dumps(found) else None
    with pytest.raises(PermanentError):
        rotate("r1")
    again = asked_for({"DatabaseClusterId": CLUSTER}, "r2")
    with pytest.raises(OutdatedError, match=f"{SERVICE}:2 is not active any more"):
        again.step()
    boto("ecs").update_service(cluster=SERVICE, service=SERVICE, taskDefinition=service)
    fargate.server_ends = lambda found: None
    finish(again)
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert fargate.services[SERVICE]["taskDefinition"].endswith(":3")
