"""A rotation gives the standby login a password and moves the service, whatever happens between."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest

from cfn_mlflow.aws.ecs.task_definition import IMAGE_DIGEST_TAG
from cfn_mlflow.direct_invocation.caller import Caller
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import Done, Outcome, OutdatedError, PermanentError, TemporaryError, Waiting
from cfn_mlflow.rotation.loop import RotationError
from cfn_mlflow.rotation.loop import rotate as run
from cfn_mlflow.rotation.redeployment import RevisionOnLogin, RevisionView
from cfn_mlflow.rotation.rotation import Rotation, order
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.types.database import graph as database
from cfn_mlflow.types.database.properties import DatabaseProperties
from local.emulator.postgres.server import PostgresServer
from tests.support.objects.aurora import Aurora
from tests.support.objects.fargate import End, Fargate
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import boto, converge, owner
from tests.support.objects.two_databases import OTHER_STACK, OTHERS, make_rule, named, share

Lines = Callable[[], list[dict[str, Any]]]
CLUSTER = "mlflow-database-abcdefghij"
SERVICE = "mlflow-abcdefghij"
LOGINS = ("mlflow_app", "mlflow_app_2")
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-Rotation"
OPERATORS = f"{FUNCTION}:operator"
WRITES = [
    *("TagResource", "PutSecretValue"),
    *("ExecuteStatement", "ExecuteStatement", "ExecuteStatement"),
    *("RegisterTaskDefinition", "UpdateService", "TagResource"),
]
"""The writing calls of a rotation, in this order."""


@pytest.fixture
def given(
    fargate: Fargate, server: PostgresServer, vpc: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The attributes of a database with both logins."""
    Aurora(server).install(monkeypatch)
    asked = {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"], "InstanceCount": "1"}
    return attributes(asked)


def attributes(asked: dict[str, Any]) -> dict[str, str]:
    return converge(database._graph(owner(), DatabaseProperties.model_validate(asked)))


@pytest.fixture
def service(given: dict[str, str], fargate: Fargate) -> str:
    """A service that runs on the active login; returns its task definition."""
    ecs = boto("ecs")
    ecs.create_cluster(clusterName=SERVICE)
    boto("logs").create_log_group(logGroupName="/aws/ecs/mlflow")
    definition = register(given["ServiceSecretArn"])
    ecs.create_service(
        cluster=SERVICE,
        serviceName=SERVICE,
        taskDefinition=definition,
        desiredCount=2,
        tags=tags({**owner().tags, "cfn-mlflow:database": CLUSTER}),
    )
    for _ in range(3):
        ecs.describe_services(cluster=SERVICE, services=[SERVICE])
    return definition


def register(secret_arn: str, image: str = "a:1", family: str = SERVICE) -> str:
    """Register a revision as the stack does: a server and a sidecar on one login."""
    secrets = [{"name": "PGPASSWORD", "valueFrom": f"{secret_arn}:password::"}]
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/aws/ecs/mlflow"}}
    logs["options"] |= {"awslogs-region": "eu-west-1", "awslogs-stream-prefix": "mlflow"}  # type: ignore[operator]
    container = {"image": image, "memory": 512, "logConfiguration": logs, "secrets": secrets}
    made = boto("ecs").register_task_definition(
        family=family,
        containerDefinitions=[{"name": name, **container} for name in ("mlflow", "agent")],
        tags=tags(owner().tags),
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def tags(of: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in of.items()]


def rotate(request: str = "r1", looks: int = 40, **more: bool) -> dict[str, str]:
    return finish(asked_for({"DatabaseClusterId": CLUSTER, **more}, request), looks)


def asked_for(event: dict[str, Any], request: str, by: str = OPERATORS) -> Rotation:
    return Rotation(order(event, request), Caller(by, event))


def age_rotations() -> None:
    """Let every rotation have ended long ago."""
    client = boto("secretsmanager")
    for login in LOGINS:
        found = {tag["Key"]: tag["Value"] for tag in secret_tags(login)}
        state = found.get("cfn-mlflow:turn", "").replace("since 20", "since 19", 1)
        if state:
            tag = {"Key": "cfn-mlflow:turn", "Value": state}
            client.tag_resource(SecretId=name(login), Tags=[tag])


def secret_tags(login: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = boto("secretsmanager").describe_secret(SecretId=name(login))[
        "Tags"
    ]
    return found


def finish(rotation: Rotation, looks: int = 40) -> dict[str, str]:
    outcome: Outcome
    for _ in range(looks):
        try:
            outcome = rotation.step()
        except TemporaryError as error:
            outcome = Waiting({"another try": str(error)})
        if isinstance(outcome, Done):
            return dict(outcome.attributes)
    raise AssertionError(f"still waiting: {outcome}")


def refused(words: str, request: str = "r1") -> str:
    """Rotate; return the refusal, which has these words and wrote nothing."""
    with watched() as calls, pytest.raises(PermanentError, match=words) as error:
        rotate(request)
    assert calls.writes == []
    return str(error.value)


def name(login: str) -> str:
    return f"mlflow-{login.replace('_', '-')}-abcdefghij"


def secret(login: str) -> dict[str, str]:
    value = boto("secretsmanager").get_secret_value(SecretId=name(login))["SecretString"]
    return dict(json.loads(value))


def arn(login: str) -> str:
    return str(boto("secretsmanager").describe_secret(SecretId=name(login))["ARN"])


def passwords() -> dict[str, str]:
    return {login: secret(login)["password"] for login in LOGINS}


def enters(server: PostgresServer, login: str) -> bool:
    try:
        server.connect(login, secret(login)["password"], "mlflow").close()
    except psycopg2.OperationalError:
        return False
    return True


def runs_on(fargate: Fargate) -> list[str]:
    """Return the logins that the service's task definition names, in its containers."""
    definition = fargate.services[SERVICE]["taskDefinition"]
    found = boto("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
    named = [one["secrets"][0]["valueFrom"] for one in found["containerDefinitions"]]
    return sorted({login for login in LOGINS for text in named if arn(login) in text})


def test_given_a_service_then_it_moves_to_the_standby_login_with_a_new_password(
    service: str, fargate: Fargate, server: PostgresServer
) -> None:
    before = passwords()
    assert rotate() == {"Login": "mlflow_app_2", "SecretArn": arn("mlflow_app_2")}
    after = passwords()
    assert after["mlflow_app"] == before["mlflow_app"]
    assert after["mlflow_app_2"] != before["mlflow_app_2"]
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert all(enters(server, login) for login in LOGINS)


def test_given_the_next_request_then_the_other_login_is_rotated(
    service: str, fargate: Fargate
) -> None:
    rotate("r1")
    age_rotations()
    before = passwords()
    assert rotate("r2")["Login"] == "mlflow_app"
    assert passwords()["mlflow_app"] != before["mlflow_app"]
    assert passwords()["mlflow_app_2"] == before["mlflow_app_2"]
    assert runs_on(fargate) == ["mlflow_app"]


def test_given_the_same_request_again_then_it_answers_the_same_and_writes_nothing(
    service: str,
) -> None:
    first = rotate("r1")
    with watched() as calls:
        assert rotate("r1") == first
    assert calls.writes == []


def test_given_the_rules_event_comes_again_under_another_id_then_nothing_is_written(
    service: str,
) -> None:
    first = rotate("r1", BySchedule=True)
    with watched() as calls:
        again = rotate("r2", BySchedule=True)
    assert calls.writes == []
    assert {key: again[key] for key in first} == first
    assert again["NotRepeatedAfter"]


def test_given_another_request_by_hand_at_once_then_it_gets_the_last_ones_end(
    service: str,
) -> None:
    first = rotate("r1")
    with watched() as calls:
        again = rotate("r2")
    assert calls.writes == []
    assert again["Login"] == first["Login"]
    assert again["NotRepeatedAfter"] > "2020"
    age_rotations()
    assert rotate("r2")["Login"] == "mlflow_app"


def test_given_the_event_of_a_rule_without_a_role_then_the_login_is_rotated(
    service: str, fargate: Fargate
) -> None:
    event = {"DatabaseClusterId": CLUSTER, "BySchedule": True}
    with pytest.raises(PermanentError, match="only CloudFormation is served here"):
        asked_for(event, "r1", by=FUNCTION).step()
    make_rule(owner(), "rotation", "Rotation", event)
    assert finish(asked_for(event, "r1", by=FUNCTION))["Login"] == "mlflow_app_2"
    assert runs_on(fargate) == ["mlflow_app_2"]


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
            pytest.raises(PermanentError, match="is stopped for a migration"),
        ):
            rotate("r2")
        share(given["ClusterArn"], "@all")
        with pytest.raises(PermanentError, match="is stopped for a migration"):
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


def test_given_a_rotation_that_ended_long_ago_then_the_rules_event_rotates_again(
    service: str, fargate: Fargate
) -> None:
    rotate("r1", BySchedule=True)
    state = {"Key": "cfn-mlflow:turn", "Value": "since 2020-01-01T00:00:00Z r1"}
    boto("secretsmanager").tag_resource(SecretId=name("mlflow_app_2"), Tags=[state])
    assert rotate("r2", BySchedule=True)["Login"] == "mlflow_app"
    assert runs_on(fargate) == ["mlflow_app"]


def test_given_a_rotation_then_the_database_gives_the_new_login_without_a_change(
    service: str, vpc: dict[str, Any]
) -> None:
    rotate()
    asked = {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"], "InstanceCount": "1"}
    with watched() as calls:
        assert attributes(asked)["ServiceSecretArn"] == arn("mlflow_app_2")
    assert calls.writes == []


def test_given_a_function_that_dies_behind_every_write_then_one_password_is_made(
    service: str, fargate: Fargate, server: PostgresServer
) -> None:
    versions = boto("secretsmanager").list_secret_version_ids(SecretId=name("mlflow_app_2"))
    before = len(versions["Versions"])
    assert dying_behind_every_write(rotate) == WRITES
    versions = boto("secretsmanager").list_secret_version_ids(
        SecretId=name("mlflow_app_2"), IncludeDeprecated=True
    )
    assert len(versions["Versions"]) == before + 1
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert enters(server, "mlflow_app_2")


@pytest.mark.parametrize("writes", range(1, len(WRITES)))
def test_given_a_rotation_that_was_never_ended_then_the_next_request_ends_it(
    service: str, fargate: Fargate, server: PostgresServer, writes: int
) -> None:
    before = passwords()
    try:
        with watched(last_write=writes):
            rotate("dead")
    except BaseException as error:
        assert type(error).__name__ == "Killed"
    made = passwords()
    assert rotate("next")["Login"] == "mlflow_app_2"
    assert passwords()["mlflow_app"] == before["mlflow_app"]
    if made["mlflow_app_2"] != before["mlflow_app_2"]:
        assert passwords() == made, "the password of the rotation is made once"
    assert runs_on(fargate) == ["mlflow_app_2"]
    assert enters(server, "mlflow_app_2")


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


class TestRefusals:
    def test_given_a_task_that_runs_on_the_standby_login_then_refused(
        self, service: str, fargate: Fargate
    ) -> None:
        fargate.looks_to_end = 100
        definition = register(arn("mlflow_app_2"))
        boto("ecs").run_task(cluster=SERVICE, taskDefinition=definition, launchType="FARGATE")
        said = refused("still runs on mlflow_app_2")
        assert f"{SERVICE}:2" in said
        assert "Nothing was changed" in said

    def test_given_a_migration_then_refused(self, service: str, fargate: Fargate) -> None:
        fargate.looks_to_end = 100
        boto("ecs").run_task(
            cluster=SERVICE, taskDefinition=service, launchType="FARGATE", startedBy="cfn-mlflow/a"
        )
        refused("a task of cfn-mlflow is running")

    def test_given_a_service_that_stands_still_for_a_migration_then_refused(
        self, service: str, fargate: Fargate
    ) -> None:
        fargate.services[SERVICE]["tags"] += tags({"cfn-mlflow:count": "2"})
        refused("service mlflow-abcdefghij is stopped for a migration")

    def test_given_a_deployment_under_way_then_refused(
        self, service: str, fargate: Fargate
    ) -> None:
        fargate.looks_to_deploy = 1000
        boto("ecs").update_service(
            cluster=SERVICE, service=SERVICE, taskDefinition=register(arn("mlflow_app"))
        )
        refused("a deployment of service mlflow-abcdefghij is under way")

    def test_given_a_newer_revision_that_does_not_run_yet_then_refused(self, service: str) -> None:
        register(arn("mlflow_app"), image="a:2")
        refused(f"service {SERVICE} does not run {SERVICE}:2 yet")

    def test_given_a_session_of_the_standby_login_then_refused_until_it_ends(
        self, service: str, server: PostgresServer
    ) -> None:
        session = server.connect("mlflow_app_2", secret("mlflow_app_2")["password"], "mlflow")
        with session, session.cursor() as cursor:
            cursor.execute("SET application_name = 'mlflow'")
        refused("mlflow_app_2 still has 1 sessions in the database")
        session.close()
        rotate()

    def test_given_sessions_of_the_data_api_then_they_do_not_count(
        self, service: str, server: PostgresServer
    ) -> None:
        kept_open = server.connect("mlflow_app_2", secret("mlflow_app_2")["password"], "mlflow")
        rotate()
        kept_open.close()

    @pytest.mark.parametrize(
        ("event", "words"),
        [
            ({}, "DatabaseClusterId: must be the identifier"),
            ({"DatabaseClusterId": "orders"}, "DatabaseClusterId: must be the identifier"),
            ({"DatabaseClusterId": ["a"]}, "DatabaseClusterId: must be the identifier"),
            (
                {"DatabaseClusterId": "mlflow-database-zzzzzzzzzz"},
                "cfn-mlflow has no database mlflow-database-zzzzzzzzzz",
            ),
        ],
    )
    def test_given_an_event_that_names_no_database_of_ours_then_refused(
        self, aws: None, event: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(PermanentError, match=words):
            asked_for(event, "r1").step()

    def test_given_a_database_that_was_never_completed_then_refused(
        self, given: dict[str, str]
    ) -> None:
        boto("rds").remove_tags_from_resource(
            ResourceName=given["ClusterArn"], TagKeys=["cfn-mlflow:complete"]
        )
        refused("is not complete")


def test_given_tasks_that_fail_then_the_old_login_works_and_rotation_stays_begun(
    service: str, fargate: Fargate, server: PostgresServer
) -> None:
    second = arn("mlflow_app_2")
    fargate.server_ends = lambda found: End(1, "boom") if second in json.dumps(found) else None
    with pytest.raises(PermanentError, match="ended with exit code 1; its log says: boom"):
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
    with pytest.raises(PermanentError, match="another deployment replaced this one"):
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


def test_given_a_stack_update_before_the_deployment_then_it_keeps_what_is_new(
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


def test_given_a_failed_revision_that_still_runs_then_the_rotation_plans_anew(
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


def test_given_a_session_of_the_old_password_then_a_rotation_sets_the_new_one(
    given: dict[str, str], server: PostgresServer
) -> None:
    said = len(server.log.read_text())
    assert rotate("r1")["Login"] == "mlflow_app_2"
    logged = server.log.read_text()[said:]
    assert logged.count("ALTER ROLE mlflow_app_2 LOGIN PASSWORD") == 1
    assert "user=mlflow_app_2" not in logged, "the kept session was used again"
    assert enters(server, "mlflow_app_2")


def test_given_a_database_that_pauses_then_a_rotation_keeps_the_end_of_idle_sessions(
    given: dict[str, str], server: PostgresServer
) -> None:
    boto("rds").modify_db_cluster(
        DBClusterIdentifier=CLUSTER,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2},
    )
    rotate("r1")
    with server.admin("mlflow") as cursor:
        cursor.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'mlflow_app_2'")
        assert cursor.fetchone() == (["idle_session_timeout=30s"],)


def test_given_no_service_then_the_tag_tells_which_login_is_rotated(
    given: dict[str, str], server: PostgresServer
) -> None:
    assert rotate("r1")["Login"] == "mlflow_app_2"
    age_rotations()
    assert rotate("r2")["Login"] == "mlflow_app"
    assert all(enters(server, login) for login in LOGINS)


def test_given_a_service_off_the_active_login_then_the_other_login_is_rotated(
    service: str, fargate: Fargate
) -> None:
    rotate("r1")
    newer = fargate.services[SERVICE]["taskDefinition"]
    boto("ecs").update_service(cluster=SERVICE, service=SERVICE, taskDefinition=service)
    boto("ecs").deregister_task_definition(taskDefinition=newer)
    for _ in range(3):
        boto("ecs").describe_services(cluster=SERVICE, services=[SERVICE])
    before = passwords()
    age_rotations()
    assert rotate("r2")["Login"] == "mlflow_app_2"
    assert passwords()["mlflow_app"] == before["mlflow_app"], "what runs is not touched"
    assert runs_on(fargate) == ["mlflow_app_2"]


class TestInvocation:
    """The loop of a rotation: its answers, log lines and errors."""

    @dataclass
    class Time:
        """A clock, and the context of an invocation that ends with it."""

        left: float
        aws_request_id: str = "r1"
        invoked_function_arn: str = OPERATORS

        def sleep(self, seconds: float) -> None:
            self.left -= seconds

        def get_remaining_time_in_millis(self) -> int:
            return int(self.left * 1000)

        @property
        def clock(self) -> Clock:
            return Clock(now=lambda: -self.left, sleep=self.sleep)

    def test_given_it_is_done_then_one_line_and_the_answer_tell_the_login_and_no_secret(
        self, service: str, lines: Lines
    ) -> None:
        time = self.Time(900)
        answer = run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        told = {
            "DatabaseClusterId": CLUSTER,
            "Request": "r1",
            "Login": "mlflow_app_2",
            "SecretArn": arn("mlflow_app_2"),
        }
        assert answer == told
        said = lines()
        [line] = [line for line in said if line["message"] == "Rotated"]
        assert told.items() <= line.items()
        assert not [text for text in passwords().values() if text in json.dumps(said)]

    def test_given_time_runs_out_then_it_raises_and_another_invocation_goes_on(
        self, service: str, fargate: Fargate
    ) -> None:
        fargate.looks_to_deploy = 1000
        time = self.Time(60)
        with pytest.raises(RotationError, match=r"not done yet, waiting for ECS service"):
            run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        assert time.left >= 15
        made = passwords()
        fargate.looks_to_deploy = 2
        again = self.Time(900)
        run({"DatabaseClusterId": CLUSTER}, again, again.clock)
        assert passwords() == made

    def test_given_it_is_refused_then_the_log_and_the_error_say_why(
        self, aws: None, lines: Lines
    ) -> None:
        time = self.Time(900)
        with pytest.raises(RotationError, match="cfn-mlflow has no database"):
            run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        with pytest.raises(RotationError, match="must be the identifier"):
            run({}, time, time.clock)
        assert [line["message"] for line in lines()] == ["Not rotated"] * 2

    @pytest.mark.parametrize(
        ("event", "words"),
        [
            ({"DatabaseClusterId": CLUSTER}, "only CloudFormation is served here"),
            (
                {"DatabaseClusterId": CLUSTER, "BySchedule": True},
                "only CloudFormation is served here",
            ),
            ({}, "must be the identifier"),
        ],
    )
    def test_given_a_caller_who_is_not_served_then_one_line_says_so_and_none_fails(
        self, given: dict[str, str], lines: Lines, event: dict[str, Any], words: str
    ) -> None:
        time = self.Time(900, invoked_function_arn=FUNCTION)
        answer = run(event, time, time.clock)
        assert list(answer) == ["error"]
        assert words in answer["error"]
        [line] = lines()
        assert (line["level"], line["message"]) == ("WARNING", "Not served")
        assert words in line["reason"]

    def test_given_an_error_that_nobody_foresaw_then_its_text_is_not_told(
        self, service: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ValueError("a secret, perhaps")

        monkeypatch.setattr("cfn_mlflow.rotation.rotation.wired_services", broken)
        time = self.Time(900)
        with pytest.raises(RotationError, match="Unexpected ValueError") as error:
            run({"DatabaseClusterId": CLUSTER}, time, time.clock)
        assert "perhaps" not in str(error.value)
        assert error.value.__cause__ is None


def test_given_rds_rotated_the_masters_password_then_a_rotation_still_works(
    given: dict[str, str], service: str, fargate: Fargate, server: PostgresServer
) -> None:
    before = passwords()
    master = "another of the master's"
    server.set_password("mlflow_master", master)
    boto("secretsmanager").put_secret_value(
        SecretId=given["MasterSecretArn"],
        SecretString=json.dumps({"username": "mlflow_master", "password": master}),
    )
    assert passwords() == before
    assert all(enters(server, login) for login in LOGINS)
    rotate()
    assert runs_on(fargate) == ["mlflow_app_2"]


def test_given_a_rotation_then_no_password_is_in_sql_or_in_the_servers_log(
    service: str, server: PostgresServer
) -> None:
    rotate()
    logged = server.log.read_text()
    assert "ALTER ROLE mlflow_app_2 LOGIN PASSWORD E'SCRAM-SHA-256$" in logged
    assert not [login for login, password in passwords().items() if password in logged]
