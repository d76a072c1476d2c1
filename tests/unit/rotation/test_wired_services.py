"""The services of a database: those of the stacks that may work with it."""

from __future__ import annotations

import json

import pytest

from cfn_mlflow.reason import Reason
from tests.support.beside_moto.fargate import Fargate
from tests.support.codes import failing
from tests.support.graphs.rotation_kit import (
    CLUSTER,
    age_rotations,
    arn,
    given,
    register,
    rotate,
    runs_on,
    service,
    tags,
)
from tests.support.objects.service_kit import boto
from tests.support.objects.two_databases import OTHER_STACK, OTHERS, named, share

__all__ = ["given", "service"]


class TestServiceOfAnotherStack:
    """Its tag names the database; the database's owner has not shared it."""

    @pytest.fixture
    def theirs(self, service: str) -> str:
        """A service that is stopped, and whose task definition names the standby login."""
        wired = {**OTHERS.tags, "cfn-mlflow:database": CLUSTER, "cfn-mlflow:count": "2"}
        ecs = boto("ecs")
        ecs.create_cluster(clusterName=OTHERS.name())
        definition = register(arn("mlflow_app_2"), family=OTHERS.name())
        ecs.create_service(
            cluster=OTHERS.name(),
            serviceName=OTHERS.name(),
            taskDefinition=definition,
            desiredCount=1,
            tags=tags(wired),
        )
        for _ in range(3):
            ecs.describe_services(cluster=OTHERS.name(), services=[OTHERS.name()])
        return definition

    def test_then_it_keeps_no_rotation_waiting_and_is_not_deployed(
        self, theirs: str, fargate: Fargate
    ) -> None:
        assert rotate()["Login"] == "mlflow_app_2"
        assert runs_on(fargate) == ["mlflow_app_2"]
        assert fargate.services[OTHERS.name()]["taskDefinition"] == theirs

    def test_given_the_database_is_shared_with_its_stack_then_it_counts(
        self, theirs: str, given: dict[str, str]
    ) -> None:
        share(given["ClusterArn"], "others")
        with named({}):
            rotate("r1")
        age_rotations()
        with (
            named({"others": OTHER_STACK}),
            failing(Reason.LoginInUse, match="is stopped for a migration"),
        ):
            rotate("r2")
        share(given["ClusterArn"], "@all")
        with failing(Reason.LoginInUse, match="is stopped for a migration"):
            rotate("r2")

    def test_given_the_database_is_shared_then_it_moves_to_the_active_login(
        self, theirs: str, given: dict[str, str], fargate: Fargate
    ) -> None:
        found = fargate.services[OTHERS.name()]
        found["tags"] = [tag for tag in found["tags"] if tag["key"] != "cfn-mlflow:count"]
        other = register(arn("mlflow_app"), family=OTHERS.name())
        ecs, name = boto("ecs"), OTHERS.name()
        ecs.update_service(cluster=name, service=name, taskDefinition=other)
        for _ in range(3):
            ecs.describe_services(cluster=name, services=[name])
        share(given["ClusterArn"], "others")
        with named({"others": OTHER_STACK}):
            rotate()
        moved = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])
        assert arn("mlflow_app_2") in json.dumps(moved["taskDefinition"])
