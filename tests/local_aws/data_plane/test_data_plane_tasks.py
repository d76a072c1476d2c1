"""ECS tasks in the local AWS: real processes, and ECS's words for what becomes of them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws.data_plane_kit import Database, Lab
from tests.support.waiting import until

ANY = "0.0.0.0"  # noqa: S104 - where a container means its own network
WAITS_FOR_TERM = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)"
)
DEAF = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\ntime.sleep(600)"
)
SHOWS_ITSELF = (
    "import json, os, boto3\n"
    "print(json.dumps({'env': dict(os.environ), 'cwd': os.listdir('.'),"
    " 'home': os.listdir(os.environ['HOME']),"
    " 'who': boto3.client('sts').get_caller_identity()['Arn']}))"
)


def python(code: str, **rest: Any) -> dict[str, Any]:
    return {"command": ["python", "-c", code], **rest}


def outcome(task: dict[str, Any]) -> tuple[str, str, int | None]:
    return task["stopCode"], task["stoppedReason"], task["containers"][0].get("exitCode")


def test_given_a_database_when_a_task_migrates_it_then_its_tables_are_there(lab: Lab) -> None:
    database = Database.create(lab, "main", "main-writer")
    secret = database.secret
    environment = {
        "PGHOST": database.cluster["Endpoint"],
        "PGPORT": str(database.cluster["Port"]),
        "PGDATABASE": "mlflow",
        "PGSSLMODE": "require",
    }
    migration = lab.define(
        "migrate",
        {
            "command": ["mlflow", "db", "upgrade", "postgresql+psycopg2://"],
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
            "secrets": [
                {"name": "PGUSER", "valueFrom": f"{secret}:username::"},
                {"name": "PGPASSWORD", "valueFrom": f"{secret}:password::"},
            ],
        },
    )
    task = lab.run(migration)
    assert outcome(task) == ("EssentialContainerExited", "Essential container exited", 0)
    assert any("Updating database tables" in line for line in lab.log(task, "migrate"))
    assert database.rows("SELECT count(*) FROM alembic_version") == [[1]]
    password = json.loads(
        lab.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    )["password"]
    assert password not in json.dumps(task, default=str)


def test_a_container_sees_its_own_home_its_role_and_no_variable_of_the_laptop(lab: Lab) -> None:
    task = lab.run(
        lab.define("shows", python(SHOWS_ITSELF, environment=[{"name": "MINE", "value": ANY}]))
    )
    seen = json.loads(lab.log(task, "shows")[-1])
    assert seen["home"] == seen["cwd"] == []
    assert seen["who"].startswith("arn:aws:sts::123456789012:assumed-role/task/")
    assert seen["env"]["MINE"] == ANY
    assert seen["env"]["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert not [name for name in seen["env"] if "PYTHON" in name or "VIRTUAL" in name]
    assert "AWS_ACCESS_KEY_ID" not in seen["env"]


def test_a_task_shows_who_started_it_and_is_found_by_that(lab: Lab) -> None:
    ecs = lab.client("ecs")
    task = lab.run(lab.define("found", python("")))
    assert (task["startedBy"], task["launchType"]) == ("the-test", "FARGATE")
    stopped = {"cluster": "lab", "desiredStatus": "STOPPED", "family": "found"}
    assert ecs.list_tasks(**stopped, startedBy="the-test")["taskArns"] == [task["taskArn"]]
    assert ecs.list_tasks(**stopped, startedBy="another")["taskArns"] == []


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        (
            {"image": "ghcr.io/mlflow/mlflow:v0.0.1-full", "command": ["mlflow"]},
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
            "resolve ref ghcr.io/mlflow/mlflow:v0.0.1-full: ghcr.io/mlflow/mlflow:v0.0.1-full: "
            "not found",
        ),
        (
            {"image": "public.ecr.aws/docker/library/busybox:1", "command": ["true"]},
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
            "resolve ref public.ecr.aws/docker/library/busybox:1: "
            "public.ecr.aws/docker/library/busybox:1: not found",
        ),
        (
            {"command": ["no-such-program"]},
            "CannotStartContainerError: failed to create new container runtime task: unable to "
            'start container process: exec: "no-such-program": executable file not found in $PATH',
        ),
        (
            {
                "command": ["mlflow"],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/nowhere", "awslogs-region": "us-east-1"},
                },
            },
            "ResourceInitializationError: failed to validate logger args: create stream has been "
            "retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: "
            "The specified log group does not exist. : exit status 1",
        ),
    ],
    ids=["unknown-tag", "another-image", "no-program", "no-log-group"],
)
def test_given_a_container_that_cannot_start_then_the_task_says_why(
    lab: Lab, container: dict[str, Any], reason: str
) -> None:
    task = lab.run(lab.define("cannot", container))
    assert outcome(task) == ("TaskFailedToStart", reason, None)


def test_given_a_secret_that_is_not_there_then_the_task_says_so(lab: Lab) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nothing-abcdef"
    task = lab.run(lab.define("secret", python("", secrets=[{"name": "A", "valueFrom": arn}])))
    code, reason, _ = outcome(task)
    assert code == "TaskFailedToStart"
    assert reason.startswith("ResourceInitializationError: unable to pull secrets")
    assert arn in reason


def test_a_stopped_task_gets_sigterm_and_its_exit_status_is_kept(lab: Lab) -> None:
    arn = lab.start(lab.define("term", python(WAITS_FOR_TERM)))
    until(lambda: lab.task(arn)["lastStatus"], lambda status: status == "RUNNING")
    until(lambda: lab.log(lab.task(arn), "term"), lambda lines: lines == ["ready"])
    answer = lab.client("ecs").stop_task(cluster="lab", task=arn, reason="enough")["task"]
    assert answer["desiredStatus"] == "STOPPED"
    assert answer["lastStatus"] != "STOPPED"
    task = until(lambda: lab.task(arn), lambda found: found["lastStatus"] == "STOPPED")
    assert outcome(task) == ("UserInitiated", "enough", 7)


def test_a_deaf_task_is_killed_after_its_stop_timeout(lab: Lab) -> None:
    arn = lab.start(lab.define("deaf", python(DEAF, stopTimeout=2)))
    until(lambda: lab.task(arn)["lastStatus"], lambda status: status == "RUNNING")
    until(lambda: lab.log(lab.task(arn), "deaf"), lambda lines: lines == ["ready"])
    lab.client("ecs").stop_task(cluster="lab", task=arn)
    task = until(lambda: lab.task(arn), lambda found: found["lastStatus"] == "STOPPED")
    assert outcome(task) == ("UserInitiated", "Task stopped by user", 137)


def test_containers_of_one_task_share_an_address_and_wait_for_each_other(lab: Lab) -> None:
    serve = (
        "import http.server\n"
        "http.server.HTTPServer(('0.0.0.0', 5000), http.server.SimpleHTTPRequestHandler)"
        ".serve_forever()"
    )
    ask = (
        "import time, urllib.request\n"
        "for _ in range(100):\n"
        "    try:\n"
        "        print(urllib.request.urlopen('http://0.0.0.0:5000/').status)\n"
        "        break\n"
        "    except OSError:\n"
        "        time.sleep(0.1)\n"
    )
    task = lab.run(
        lab.define(
            "pair",
            python(
                ask,
                name="asks",
                dependsOn=[{"containerName": "prepares", "condition": "SUCCESS"}],
            ),
            python(serve, name="serves", essential=False),
            python("print('done')", name="prepares", essential=False),
        )
    )
    assert outcome(task) == ("EssentialContainerExited", "Essential container exited", 0)
    assert lab.log(task, "pair", "asks") == ["200"]
    assert lab.log(task, "pair", "prepares") == ["done"]


def test_given_no_such_cluster_then_no_task_is_run(lab: Lab) -> None:
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        lab.client("ecs").run_task(cluster="nowhere", taskDefinition=lab.define("x", python("")))


def test_given_a_task_that_runs_then_its_cluster_stays(lab: Lab) -> None:
    arn = lab.start(lab.define("stays", python(WAITS_FOR_TERM)))
    with pytest.raises(ClientError, match="ClusterContainsTasksException"):
        lab.client("ecs").delete_cluster(cluster="lab")
    lab.client("ecs").stop_task(cluster="lab", task=arn)
    until(lambda: lab.task(arn)["lastStatus"], lambda status: status == "STOPPED")


def test_a_task_runs_with_the_command_and_the_variables_of_its_overrides(lab: Lab) -> None:
    shows = "import os; print(os.environ['FIRST'], os.environ['SECOND'])"
    variables = [{"name": name, "value": "defined"} for name in ("FIRST", "SECOND")]
    definition = lab.define("overridden", python("", environment=variables))
    override = {
        "name": "main",
        "command": ["python", "-c", shows],
        "environment": [{"name": "SECOND", "value": "overridden"}],
    }

    def run(override: dict[str, Any]) -> dict[str, Any]:
        started: dict[str, Any] = lab.client("ecs").run_task(
            cluster="lab",
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=lab.network,
            overrides={"containerOverrides": [override]},
        )["tasks"][0]
        return started

    arn = run(override)["taskArn"]
    task = until(lambda: lab.task(arn), lambda found: found["lastStatus"] == "STOPPED")
    assert lab.log(task, "overridden") == ["defined overridden"]
    assert task["overrides"]["containerOverrides"] == [override]
    with pytest.raises(ClientError, match="no-such is not a container in the TaskDefinition"):
        run({"name": "no-such", "command": []})


def test_a_running_task_shows_its_network_interface(lab: Lab) -> None:
    arn = lab.start(lab.define("attached", python(WAITS_FOR_TERM)))
    task = until(lambda: lab.task(arn), lambda found: found["lastStatus"] == "RUNNING")
    (attachment,) = task["attachments"]
    details = {one["name"]: one["value"] for one in attachment["details"]}
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "ATTACHED")
    assert details["privateIPv4Address"].startswith("127.77.")
    assert details["subnetId"] in lab.subnets
    lab.client("ecs").stop_task(cluster="lab", task=arn)


def test_services_and_task_definitions_carry_tags_that_can_change(lab: Lab) -> None:
    ecs = lab.client("ecs")
    definition = lab.define("tagged", python(""))
    service = ecs.create_service(
        cluster="lab",
        serviceName="tagged",
        taskDefinition=definition,
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=lab.network,
        tags=[{"key": "first", "value": "1"}],
    )["service"]["serviceArn"]

    def described() -> dict[str, list[dict[str, str]]]:
        whole = ecs.describe_task_definition(taskDefinition=definition, include=["TAGS"])
        found = ecs.describe_services(cluster="lab", services=["tagged"], include=["TAGS"])
        return {definition: whole["tags"], service: found["services"][0]["tags"]}

    ecs.tag_resource(resourceArn=definition, tags=[{"key": "first", "value": "1"}])
    for arn in (definition, service):
        ecs.tag_resource(
            resourceArn=arn,
            tags=[{"key": "first", "value": "one"}, {"key": "second", "value": "2"}],
        )
        both = [{"key": "first", "value": "one"}, {"key": "second", "value": "2"}]
        assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == both
        assert described()[arn] == both
        ecs.untag_resource(resourceArn=arn, tagKeys=["first"])
        assert described()[arn] == both[1:]
    without = ecs.describe_services(cluster="lab", services=["tagged"])["services"][0]
    assert "tags" not in without
    assert "tags" not in ecs.describe_task_definition(taskDefinition=definition)
    ecs.delete_service(cluster="lab", service="tagged", force=True)


def test_given_a_family_alone_then_its_newest_active_revision_is_meant(lab: Lab) -> None:
    first = lab.define("family", {"command": ["true"]})
    second = lab.define("family", {"command": ["false"]})
    ecs = lab.aws.session().client("ecs")
    ecs.deregister_task_definition(taskDefinition=second)
    found = ecs.describe_task_definition(taskDefinition="family")["taskDefinition"]
    assert found["taskDefinitionArn"] == first
