"""Given an MLflow in a stack: its schema is checked on a schedule, by hand and in a stack, and
what was taken from it is named; and given any check, then it has only read.

The tests of this module follow one database, in the order in which they stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfn_mlflow.aws.rdsdata.read_only import READ_ONLY
from cfn_mlflow.postgres.scram import verifier
from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import make_network, one_resource
from tests.support.waiting import until

FUNCTION = "cfn-mlflow-MLflowSchema"
SCHEDULE = "rate(1 day)"
LOGIN, PASSWORD = "looker", "one-that-only-looks"
READS = re.compile(r"(Describe|Get|List)")
READING = re.compile(
    r"BEGIN|ROLLBACK|SET TRANSACTION READ ONLY"
    r"|(DEALLOCATE ALL; PREPARE \w+ \([^)]*\) AS )?SELECT .*|EXECUTE .*"
)
"""All that a check may say to PostgreSQL; the Data API prepares what has parameters."""
FIRST_OF_A_SESSION = "BEGIN\nSET statement_timeout = 45000\nCOMMIT\n"
"""What the Data API itself says in each session, before it runs anything."""
NO_WRITES = {
    "rds-data:BeginTransaction",
    "rds-data:ExecuteStatement",
    "rds-data:RollbackTransaction",
    "cloudwatch:PutMetricData",
    "monitoring:PutMetricData",
    "sts:AssumeRole",
}
"""What the function calls beside reads: statements are looked at one by one; its own metric.

It takes its working role on, in which it can do no more.
"""


@dataclass
class Mlflow:
    """The stack under check, and its database as the master sees it."""

    aws: LocalAws
    stack: Stack

    @property
    def outputs(self) -> dict[str, str]:
        return self.stack.outputs

    def ask(self, sql: str, **options: Any) -> list[list[Any]]:
        answer = self.client("rds-data").execute_statement(
            **{
                "resourceArn": self.outputs["DatabaseClusterArn"],
                "secretArn": self.outputs["DatabaseMasterSecretArn"],
                "database": "mlflow",
                "sql": sql,
                **options,
            }
        )
        return [[next(iter(value.values())) for value in row] for row in answer.get("records", [])]

    def client(self, service: str) -> Any:
        clients: Any = self.aws.session().client
        return clients(service)

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of the schedule, with its one target's event."""
        [rule] = [r for r in self.client("events").list_rules()["Rules"] if "-schema-" in r["Name"]]
        [target] = self.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
        return {**rule, "Event": json.loads(target["Input"])}

    @property
    def alarm(self) -> dict[str, Any]:
        name = self.rule["Name"]
        [alarm] = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return dict(alarm)

    def drift(self) -> set[float]:
        """Return the values of the metric so far."""
        now = datetime.now(UTC)
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace="cfn-mlflow",
            MetricName="SchemaDifferences",
            Dimensions=[{"Name": "Resource", "Value": self.rule["Event"]["Resource"]}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=1,
            Statistics=["Maximum"],
        )["Datapoints"]
        return {point["Maximum"] for point in found}

    def wait_for_drift(self, value: float) -> None:
        until(self.drift, lambda found: value in found, f"the metric to be {value}", pause=0.5)

    def invoke(self, event: Any) -> Any:
        answer = self.client("lambda").invoke(
            FunctionName=FUNCTION, Qualifier="operator", Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def mlflow(local_aws: LocalAws) -> Iterator[Mlflow]:
    template = one_resource(
        make_network(local_aws),
        SchemaCheckSchedule=SCHEDULE,
        DatabaseSharedWithStacks=["reading", "too-early", "damaged"],
    )
    for name in ("DatabaseServiceSecretArn", "DatabaseMasterSecretArn"):
        template["Outputs"][name] = {"Value": {"Fn::GetAtt": ["MLflow", name]}}
    stack = Stack.create(local_aws, "checked", template)
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    yield Mlflow(local_aws, stack)
    stack.delete()


@pytest.fixture(scope="module")
def looker(mlflow: Mlflow) -> Iterator[str]:
    """The secret of a login that nobody else uses, which may read the revision and no more."""
    mlflow.ask(f"CREATE ROLE {LOGIN} LOGIN PASSWORD '{verifier(PASSWORD)}'")
    mlflow.ask(f"GRANT SELECT ON alembic_version TO {LOGIN}")
    mlflow.ask("CREATE DATABASE nothing")
    made = mlflow.client("secretsmanager").create_secret(
        Name=LOGIN,
        SecretString=json.dumps({"username": LOGIN, "password": PASSWORD}),
        Tags=[{"Key": "cfn-mlflow:allow", "Value": "@all"}],
    )
    yield str(made["ARN"])
    mlflow.client("secretsmanager").delete_secret(
        SecretId=made["ARN"], ForceDeleteWithoutRecovery=True
    )


def checked(mlflow: Mlflow, name: str, secret_arn: str, **properties: str) -> Stack:
    """Create a stack that is nothing but the check."""
    resource = {
        "Type": "Custom::MLflowSchema",
        "Properties": {
            "ServiceToken": {"Fn::ImportValue": FUNCTION},
            "ClusterArn": mlflow.outputs["DatabaseClusterArn"],
            "SecretArn": secret_arn,
            "ImageTag": "v3.17.2-full",
            **properties,
        },
    }
    return Stack.create(mlflow.aws, name, {"Resources": {"Schema": resource}})


def statements_of(mlflow: Mlflow, login: str) -> list[str]:
    """Return every statement that PostgreSQL has logged for a login."""
    [log] = [
        path
        for path in Path(mlflow.aws.state).glob("databases/*/postgresql.log")
        if f" {login}@" in path.read_text()
    ]
    found: list[str] = []
    follows = False
    for line in log.read_text().splitlines():
        if line.startswith("\t"):
            found[-1:] = [f"{found[-1]} {line.strip()}"] if follows else found[-1:]
            continue
        match = re.search(rf" {login}@\S* LOG:  (?:statement|execute [^:]*): (.*)", line)
        follows = match is not None
        if match:
            found.append(match[1].strip())
    whole = "".join(f"{' '.join(text.split())}\n" for text in found)
    return whole.replace(FIRST_OF_A_SESSION, "").splitlines()


def test_the_rule_fires_and_the_metric_says_that_nothing_differs(mlflow: Mlflow) -> None:
    assert mlflow.rule["ScheduleExpression"] == SCHEDULE
    mlflow.aws.fire_rule(mlflow.rule["Name"])
    mlflow.wait_for_drift(0)
    assert mlflow.drift() == {0}


def test_rule_and_alarm_are_the_stacks_own_and_the_event_holds_no_secret(mlflow: Mlflow) -> None:
    owned = evidence.owned(mlflow.client, mlflow.stack.id)
    assert {mlflow.rule["Arn"], mlflow.alarm["AlarmArn"]} <= set(owned)
    passwords = evidence.passwords(mlflow.client)
    assert not [password for password in passwords if password in json.dumps(mlflow.rule)]


def test_a_mistake_in_the_event_is_answered_with_the_propertys_name(mlflow: Mlflow) -> None:
    assert "SecretArn: " in mlflow.invoke({"Check": {"ClusterArn": "x"}})["error"]


def test_a_check_in_a_stack_reads_and_does_nothing_else(mlflow: Mlflow, looker: str) -> None:
    stack = checked(mlflow, "reading", looker)
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    empty = checked(mlflow, "too-early", looker, DatabaseName="nothing")
    assert "schema: empty: " in empty.failures()["Schema"]
    assert mlflow.ask("SELECT 1 FROM pg_tables WHERE schemaname='public'", database="nothing") == []
    stack.delete()
    empty.delete()

    statements = statements_of(mlflow, LOGIN)
    assert len([text for text in statements if text == READ_ONLY]) >= 2
    assert not [text for text in statements if not READING.fullmatch(text)]


def test_every_aws_call_of_the_check_reads_but_for_its_own_metric(mlflow: Mlflow) -> None:
    made = {
        f"{call['service']}:{call['action']}"
        for call in mlflow.aws.calls()
        if call["caller"] == FUNCTION
    }
    assert made >= {"rds-data:ExecuteStatement", "cloudformation:DescribeStackResource"}
    assert {name for name in made if not READS.match(name.split(":")[1])} <= NO_WRITES


def test_what_would_write_in_the_transaction_of_a_check_is_refused_by_postgresql(
    mlflow: Mlflow,
) -> None:
    where = {
        "resourceArn": mlflow.outputs["DatabaseClusterArn"],
        "secretArn": mlflow.outputs["DatabaseServiceSecretArn"],
    }
    begun = mlflow.client("rds-data").begin_transaction(**where, database="mlflow")
    within = {**where, "transactionId": begun["transactionId"]}
    mlflow.ask(READ_ONLY, **within)
    with pytest.raises(ClientError, match=r"read-only transaction.*SQLState: 25006"):
        mlflow.ask("DELETE FROM tags", **within)
    mlflow.client("rds-data").rollback_transaction(**within)


def test_a_table_a_column_and_an_index_that_were_removed_are_each_named(
    mlflow: Mlflow, looker: str
) -> None:
    for statement in (
        "DROP TABLE registered_model_aliases",
        "ALTER TABLE runs DROP COLUMN deleted_time",
        "DROP INDEX index_latest_metrics_run_uuid",
    ):
        mlflow.ask(statement)
    stack = checked(mlflow, "damaged", looker)
    reason = stack.failures()["Schema"]
    assert "[SchemaDamaged] " in reason
    for words in (
        "table registered_model_aliases is missing",
        "table runs: column deleted_time is missing",
        "table latest_metrics: index index_latest_metrics_run_uuid",
        "restore a snapshot",
    ):
        assert words in reason
    stack.delete()


def test_the_next_check_on_the_schedule_shows_it_and_the_alarm_goes_off(mlflow: Mlflow) -> None:
    mlflow.aws.fire_rule(mlflow.rule["Name"])
    mlflow.wait_for_drift(3)
    assert mlflow.alarm["StateValue"] == "ALARM"


def test_with_the_stack_go_its_rule_and_its_alarm(mlflow: Mlflow) -> None:
    rule, alarm = mlflow.rule["Name"], mlflow.alarm["AlarmName"]
    stack_id = mlflow.stack.id
    assert mlflow.stack.delete() == "DELETE_COMPLETE"
    assert evidence.owned(mlflow.client, stack_id) == []
    assert rule not in [found["Name"] for found in mlflow.client("events").list_rules()["Rules"]]
    found = mlflow.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    assert found == []
