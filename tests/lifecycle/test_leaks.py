"""The search for secrets finds each in all its forms, and the journal outlives what it is about."""

import base64
import json
import time
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.support.local_aws import leaks
from tests.support.local_aws.data_plane_kit import Database, Lab
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack
from tests.support.waiting import until

PLANTED = "pl4nted/it's \"+&%= ü\\here"
BYTES = PLANTED.encode()


def found_in(text: str, value: str = PLANTED) -> list[leaks.Leak]:
    return list(leaks.find([("somewhere", text)], [("the secret", value)]))


@pytest.mark.parametrize(
    "text",
    [
        PLANTED,
        json.dumps({"a": PLANTED}),
        json.dumps({"a": json.dumps({"b": PLANTED})}),
        json.dumps({"a": PLANTED}, ensure_ascii=False),
        repr([PLANTED]),
        f"postgresql://user:{quote(PLANTED)}@host",
        f"postgresql://user:{quote(PLANTED, safe='')}@host",
        f"password={quote_plus(PLANTED)}&more=1",
        *(base64.b64encode(b"x" * before + BYTES + b"yz").decode() for before in range(6)),
        *(base64.urlsafe_b64encode(b"x" * before + BYTES + b"y").decode() for before in range(6)),
        base64.b64encode(BYTES).decode(),
    ],
)
def test_a_planted_secret_is_found_in_every_form(text: str) -> None:
    (leak, *_others) = found_in(f"before it {text} after it")
    assert (leak.secret, leak.source) == ("the secret", "somewhere")
    assert PLANTED not in str(leak)


def test_of_the_json_of_a_secret_only_what_is_secret_is_looked_for() -> None:
    value = json.dumps(
        {"username": "mlflow_user", "password": "the-password", "host": "db.example.com", "n": 5}
    )
    assert found_in("mlflow_user at db.example.com", value) == []
    assert found_in("with the-password", value)


def test_a_secret_of_a_few_letters_is_not_looked_for() -> None:
    assert found_in("admin", "admin") == []


def planted(lab: Lab, name: str) -> str:
    """Return a secret value of the test's own that the local AWS knows of."""
    value = f"planted-for-{name}-{time.monotonic_ns()}"
    lab.client("secretsmanager").create_secret(
        Name=name, SecretString=json.dumps({"username": "somebody", "password": value})
    )
    return value


def sources(lab: Lab, value: str) -> list[str]:
    """Return where the journal has the value."""
    made = [one for one in lab.aws.secrets_made() if value in one[1]]
    assert made
    return [leak.source for leak in leaks.find(lab.aws.journal(), made)]


def test_a_log_event_is_kept_when_its_group_is_gone(lab: Lab) -> None:
    value, logs = planted(lab, "logged"), lab.client("logs")
    logs.create_log_group(logGroupName="/gone")
    logs.create_log_stream(logGroupName="/gone", logStreamName="stream")
    event = {"timestamp": int(time.time() * 1000), "message": f"password is {value}"}
    logs.put_log_events(logGroupName="/gone", logStreamName="stream", logEvents=[event])
    logs.delete_log_group(logGroupName="/gone")
    assert "logs:PutLogEvents by anybody" in sources(lab, value)
    with pytest.raises(AssertionError, match="secrets got out") as error:
        leaks.check(lab.aws)
    assert value not in str(error.value)


def test_what_a_container_printed_is_kept_when_its_log_group_is_gone(lab: Lab) -> None:
    value = planted(lab, "printed")
    arn = lab.client("secretsmanager").describe_secret(SecretId="printed")["ARN"]
    task = lab.run(
        lab.define(
            "prints",
            {
                "command": ["python", "-c", "import os; print(os.environ['IT'])"],
                "secrets": [{"name": "IT", "valueFrom": arn}],
            },
        )
    )
    assert lab.log(task, "prints")
    assert any(source.startswith("log /data-plane prints/") for source in sources(lab, value))


def test_what_a_request_leaves_with_aws_is_kept(lab: Lab) -> None:
    value = planted(lab, "requested")
    ecs, events, cloudwatch = lab.client("ecs"), lab.client("events"), lab.client("cloudwatch")
    definition = lab.define("holds", {"environment": [{"name": "IT", "value": value}]})
    ecs.deregister_task_definition(taskDefinition=definition)
    events.put_rule(Name="rule", ScheduleExpression="rate(1 hour)")
    target = {"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:x"}
    events.put_targets(Rule="rule", Targets=[{**target, "Input": json.dumps({"it": value})}])
    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        AlarmDescription=value,
        Namespace="x",
        MetricName="x",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    lab.client("sns").create_topic(Name="topic", Tags=[{"Key": "it", "Value": value}])
    override = {"name": "main", "command": ["true"]}
    ecs.run_task(
        cluster="lab",
        taskDefinition=lab.define("overridden", {"command": ["true"]}),
        launchType="FARGATE",
        networkConfiguration=lab.network,
        overrides={
            "containerOverrides": [{**override, "environment": [{"name": "IT", "value": value}]}]
        },
    )
    assert {source.removesuffix(" by anybody") for source in sources(lab, value)} >= {
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "events:PutTargets",
        "monitoring:PutMetricAlarm",
        "sns:CreateTopic",
    }


def test_what_a_custom_resource_lets_out_is_kept_but_not_its_own_properties(
    lab: Lab, probe: Probe
) -> None:
    value, own = planted(lab, "answered"), planted(lab, "of-the-user")
    template = probe.template({"Thing": {"OnCreate": f"id={value}", "Password": own}})
    template["Outputs"] = {"It": {"Value": {"Ref": "Thing"}}}
    stack = Stack.create(lab.aws, probe.name, template)
    assert stack.delete() == "DELETE_COMPLETE"
    assert set(sources(lab, value)) >= {
        "answer to a ResponseURL",
        f"stack event {probe.name} Thing",
        "stack outputs",
    }
    assert sources(lab, own) == []


def test_payload_of_an_asynchronous_invocation_is_kept_without_its_properties(
    lab: Lab, probe: Probe
) -> None:
    value, own = planted(lab, "handed-on"), planted(lab, "of-the-user-too")
    stack = Stack.create(lab.aws, probe.name, probe.template({"Thing": {}}))
    payload = {"state": value, "ResourceProperties": {"Password": own}}
    lab.client("lambda").invoke(
        FunctionName=probe.name, InvocationType="Event", Payload=json.dumps(payload)
    )
    probe.wait_until_seen(2)
    stack.delete()
    assert "lambda:Invoke by anybody" in sources(lab, value)
    assert sources(lab, own) == []


def test_a_databases_log_is_kept_when_the_database_is_gone(lab: Lab) -> None:
    value = planted(lab, "in-sql")
    database = Database.create(lab, "logged", "logged-1")
    database.ask(f"SELECT '{value}'")
    database.delete()
    found = sources(lab, value)
    assert any(source.startswith("postgresql/") for source in found)
    assert "rds-data:ExecuteStatement by anybody" in found


def test_every_secret_that_is_made_is_known_and_none_of_aws_own_gets_out(lab: Lab) -> None:
    secrets, rds = lab.client("secretsmanager"), lab.client("rds")
    known: list[str] = [secrets.get_random_password()["RandomPassword"]]
    secrets.create_secret(Name="changing", SecretString="the first value")
    secrets.put_secret_value(SecretId="changing", SecretString="the second value")
    secrets.update_secret(SecretId="changing", SecretString="the third value")
    database = Database.create(lab, "managed", "managed-1")
    values = [secrets.get_secret_value(SecretId=database.secret)["SecretString"]]
    rds.modify_db_cluster(
        DBClusterIdentifier="managed", RotateMasterUserPassword=True, ApplyImmediately=True
    )
    values.append(secrets.get_secret_value(SecretId=database.secret)["SecretString"])
    until(database.states, lambda states: set(states) == {"available"})
    version = secrets.rotate_secret(SecretId=database.secret)["VersionId"]

    def value() -> dict[str, Any]:
        found: dict[str, Any] = secrets.get_secret_value(SecretId=database.secret)
        return found

    values.append(until(value, lambda found: found["VersionId"] == version)["SecretString"])
    until(database.states, lambda states: set(states) == {"available"})
    rds.modify_db_cluster(
        DBClusterIdentifier="managed",
        ManageMasterUserPassword=False,
        MasterUserPassword="one-of-the-users-own",
    )
    known += [*values, "one-of-the-users-own"]
    known += [f"the {number} value" for number in ("first", "second", "third")]
    made = list(lab.aws.secrets_made())
    assert len(set(values)) == 3
    assert {value for _where, value in made} >= set(known)
    assert list(leaks.find(lab.aws.journal(), [one for one in made if one[1] in known])) == []
