"""Given a running MLflow when an upgrade cannot be: one reason, and an MLflow that answers.

The tests of this module follow one stack through its life, in the order in which they stand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cfn_mlflow.outcome import REASON_BYTES
from local.aws import LocalAws
from tests.conftest import SECONDS_TO_REASON
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import (
    Network,
    answer_of,
    log_run,
    make_network,
    one_resource,
    paused_migration,
    program,
    runs_of,
    words_of,
)
from tests.support.waiting import until

FUNCTION = "cfn-mlflow-MLflow"
OLD, NEW = "3.16.1", "3.17.2"
OTHER = "wrong-password"
"""A stack with a service on the same database and bucket."""
OLD_HEAD, NEW_HEAD, NEXT_HEAD = "b7e2c1a4d9f3", "dc11669786a5", "f4a9b2c7d1e6"
AT_REVISION = "UPDATE alembic_version SET version_num = '{}'"
KEPT = {"before": 0.9}
Template = Callable[..., dict[str, Any]]
Sql = Callable[[str], None]


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> Network:
    return make_network(local_aws)


@pytest.fixture(scope="module")
def template(network: Network) -> Template:
    """Make the stack's template: small, and with these properties."""

    def make(version: str = OLD, **properties: str) -> dict[str, Any]:
        return one_resource(
            network,
            UniqueName="upgraded",
            ServiceCpu="1024",
            ServiceMemory="2048",
            ServiceMinCapacity="1",
            DatabaseInstanceCount="1",
            DatabaseAutoPause="true",
            ArtifactBucketSharedWithStacks=[OTHER],
            DatabaseSharedWithStacks=[OTHER],
            **{"ServiceImageTag": f"v{version}-full", **properties}
            if "ServiceImage" not in properties
            else properties,
        )

    return make


@pytest.fixture(scope="module")
def stack(local_aws: LocalAws, template: Template) -> Iterator[Stack]:
    """An MLflow of the release before the newest, with a run in it."""
    local_aws.image(OLD)
    made = Stack.create(local_aws, "upgraded", template())
    assert made.status == "CREATE_COMPLETE", made.failures()
    log_run(local_aws, made.outputs["TrackingUri"], "before")
    yield made
    made.delete()


@pytest.fixture(autouse=True)
def measured(stack: Stack, record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Note how long it took to tell the reason; `pytest` prints it at its end."""
    events = len(stack.events())
    yield
    seconds = stack.seconds_to_reason("MLflow", after=events)
    if seconds is not None:
        record_property(SECONDS_TO_REASON, seconds)


@pytest.fixture
def sql(local_aws: LocalAws, stack: Stack) -> Sql:
    """Let the master run a statement in MLflow's database."""
    data_api = local_aws.session().client("rds-data")

    def run(statement: str) -> None:
        data_api.execute_statement(
            resourceArn=stack.outputs["DatabaseClusterArn"],
            secretArn=stack.outputs["DatabaseMasterSecretArn"],
            database="mlflow",
            sql=statement,
        )

    return run


def reason_of(stack: Stack, after: int) -> str:
    """Return the one reason with which the resource failed since there were so many events."""
    reasons = [
        event.reason
        for event in stack.events()[after:]
        if event.logical_id == "MLflow" and event.status == "UPDATE_FAILED"
    ]
    assert len(reasons) == 1, reasons
    return reasons[0]


def refused(aws: LocalAws, stack: Stack, asked: dict[str, Any]) -> str:
    """Update the stack to what cannot be; return the reason, once all is shown to be as before."""
    before, events = stack.outputs, len(stack.events())
    stops = words_of(aws, FUNCTION).count("Stopping 1 old tasks while the schema is migrated")
    ended = stack.update(asked)
    reasons = [event.reason for event in stack.events()[events:] if event.reason]
    assert ended == "UPDATE_ROLLBACK_COMPLETE", "\n".join(reasons)
    reason = reason_of(stack, events)
    told = reason.partition("Message returned: ")[2].partition(" (log stream ")[0]
    assert 0 < len(told.encode()) <= REASON_BYTES
    assert stack.outputs == before
    assert runs_of(aws, before["TrackingUri"]).items() >= KEPT.items()
    said = words_of(aws, FUNCTION)
    assert said.count("Stopping 1 old tasks while the schema is migrated") == stops
    return reason


def test_given_a_task_that_cannot_pull_then_its_reason_and_the_old_service_runs_on(
    local_aws: LocalAws, stack: Stack, template: Template
) -> None:
    unknown = "ghcr.io/mlflow/mlflow:v0.0.1-full"
    reason = refused(local_aws, stack, template(ServiceImage=unknown))
    assert "[ImageNotPullable] " in reason


@pytest.mark.parametrize(
    "case",
    [
        (('exec {python} -I -S "$@"',), "[ImageUnfit] "),
        (("echo 'cannot allocate' >&2", "exit 1"), "[TaskFailed] "),
        (("kill -9 $$",), "[TaskOutOfMemory] "),
    ],
    ids=["no MLflow", "crashes", "is killed"],
)
def test_image_that_cannot_serve_gives_its_reason_and_the_old_service_runs_on(
    local_aws: LocalAws,
    stack: Stack,
    template: Template,
    tmp_path: Path,
    case: tuple[tuple[str, ...], str],
) -> None:
    lines, words = case
    python = Path(sys.base_prefix) / "bin" / "python3"
    program(tmp_path / "image", "python", *(line.format(python=python) for line in lines))
    reference = f"example.com/{re.sub(r'[^a-z]', '', words.lower())}:1"
    local_aws.add_image(reference, tmp_path / "image")
    reason = refused(local_aws, stack, template(ServiceImage=reference))
    assert words in reason


def test_given_a_foreign_database_then_it_is_named_and_not_touched(
    local_aws: LocalAws, stack: Stack, template: Template, sql: Sql
) -> None:
    sql("ALTER TABLE alembic_version RENAME TO set_aside")
    reason = refused(local_aws, stack, template(NEW))
    sql("ALTER TABLE set_aside RENAME TO alembic_version")
    assert "[SchemaForeign] " in reason


def test_given_a_database_ahead_by_one_revision_then_the_release_to_use_is_named(
    local_aws: LocalAws, stack: Stack, template: Template, sql: Sql
) -> None:
    sql(AT_REVISION.format(NEXT_HEAD))
    reason = refused(local_aws, stack, template(NEW))
    sql(AT_REVISION.format(OLD_HEAD))
    assert "[SchemaAhead] " in reason
    assert f"it is at {NEXT_HEAD}" in reason
    assert "use MLflow 3.18.0 or newer" in reason


def test_table_that_somebody_removed_is_named_before_anything_changes(
    local_aws: LocalAws, stack: Stack, template: Template, sql: Sql
) -> None:
    sql("ALTER TABLE webhook_events RENAME TO set_aside")
    reason = refused(local_aws, stack, template(NEW))
    sql("ALTER TABLE set_aside RENAME TO webhook_events")
    assert "[SchemaDamaged] " in reason
    assert "table webhook_events is missing" in reason


def test_wrong_password_names_the_login_and_the_other_service_runs_on(
    local_aws: LocalAws,
    network: Network,
    stack: Stack,
    record_property: Callable[[str, object], None],
) -> None:
    outputs = stack.outputs
    secret = local_aws.session().client("secretsmanager").create_secret(
        Name="wrong", SecretString='{"username": "mlflow_migrate", "password": "not the one"}',
        Tags=[{"Key": "cfn-mlflow:allow", "Value": OTHER}],
    )["ARN"]  # fmt: skip
    cluster = (
        local_aws.session()
        .client("rds")
        .describe_db_clusters(DBClusterIdentifier=outputs["DatabaseClusterId"])["DBClusters"][0]
    )
    part = {
        "Resources": {
            "Service": {
                "Type": "Custom::MLflowService",
                "Properties": {
                    "ServiceToken": {"Fn::ImportValue": "cfn-mlflow-MLflowService"},
                    "VpcId": network.vpc_id,
                    "SubnetIds": network.subnet_ids,
                    "LoadBalancerSubnetIds": network.subnet_ids,
                    "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
                    "DatabaseEndpoint": cluster["Endpoint"],
                    "DatabaseSecretArn": secret,
                    "DatabaseMigrationSecretArn": secret,
                    "DatabaseClientSecurityGroupId": outputs["DatabaseClientSecurityGroupId"],
                    "ArtifactBucketId": outputs["ArtifactBucketId"],
                },
            }
        }
    }
    other = Stack.create(local_aws, OTHER, part)
    assert other.status == "ROLLBACK_COMPLETE"
    reason = other.failures()["Service"]
    record_property(SECONDS_TO_REASON, other.seconds_to_reason("Service"))
    other.delete()
    assert "[LoginRefused] " in reason
    assert "not the one" not in reason
    assert answer_of(local_aws, outputs["TrackingUri"]) == 200


def test_database_stopped_amid_the_migration_gives_the_cause_and_loses_nothing(
    local_aws: LocalAws, stack: Stack, template: Template
) -> None:
    before, events = stack.outputs, len(stack.events())
    rds = local_aws.session().client("rds")
    stack.update(template(NEW), wait=False)
    migration = paused_migration(local_aws)
    rds.stop_db_cluster(DBClusterIdentifier=before["DatabaseClusterId"])
    wait_for_cluster(rds, before["DatabaseClusterId"], "stopped")
    migration.resume()
    assert stack.wait() == "UPDATE_ROLLBACK_FAILED"
    reasons = [e.reason for e in stack.events()[events:] if e.status == "UPDATE_FAILED"]
    assert "[DatabaseUnreachable] " in reasons[0]
    assert "[DatabaseStopped] " in reasons[-1]
    rds.start_db_cluster(DBClusterIdentifier=before["DatabaseClusterId"])
    wait_for_cluster(rds, before["DatabaseClusterId"], "available")
    assert stack.continue_rollback() == "UPDATE_ROLLBACK_COMPLETE", stack.failures()
    assert runs_of(local_aws, before["TrackingUri"]) == KEPT
    assert image_of(local_aws, before).endswith(f":v{OLD}-full")


def image_of(aws: LocalAws, outputs: dict[str, str]) -> str:
    """Return the image that the service runs."""
    ecs = aws.session().client("ecs")
    found = ecs.describe_services(cluster=outputs["ClusterId"], services=[outputs["ServiceName"]])
    definition = ecs.describe_task_definition(taskDefinition=found["services"][0]["taskDefinition"])
    return str(definition["taskDefinition"]["containerDefinitions"][0]["image"])


def snapshots_of(aws: LocalAws, stack: Stack) -> dict[str, set[str]]:
    """Return the snapshots of the stack's database, each with the keys of its tags."""
    rds = aws.session().client("rds")
    found = rds.describe_db_cluster_snapshots(
        DBClusterIdentifier=stack.outputs["DatabaseClusterId"]
    )["DBClusterSnapshots"]
    return {
        one["DBClusterSnapshotIdentifier"]: {tag["Key"] for tag in one["TagList"]} for one in found
    }


def wait_for_cluster(rds: Any, identifier: str, status: str) -> None:
    until(
        lambda: rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]["Status"],
        lambda found: found == status,
        f"{identifier} to be {status}",
    )


def test_given_a_rollout_that_fails_behind_the_migration_then_the_new_image_serves(
    local_aws: LocalAws, stack: Stack, template: Template
) -> None:
    events, earlier = len(stack.events()), snapshots_of(local_aws, stack)
    asked = template(NEW, UvicornOpts="--no-such-option", RehearseUpgrade="true")
    assert stack.update(asked) == "UPDATE_ROLLBACK_COMPLETE", stack.failures()
    assert "no-such-option" in reason_of(stack, events)
    said = words_of(local_aws, FUNCTION)
    assert any(line.startswith("Rehearsed on a clone: The database was migrated") for line in said)
    after = stack.outputs
    assert image_of(local_aws, after).endswith(f":v{NEW}-full"), "the fallback image serves"
    assert runs_of(local_aws, after["TrackingUri"]) == KEPT
    log_run(local_aws, after["TrackingUri"], "in between")
    rds = local_aws.session().client("rds")
    names = [one["DBClusterIdentifier"] for one in rds.describe_db_clusters()["DBClusters"]]
    assert not [name for name in names if name.startswith("upgraded-rehearsal")], "it is removed"
    kept = snapshots_of(local_aws, stack)
    [before] = kept.keys() - earlier.keys()
    assert before.startswith(f"upgraded-before-{NEW_HEAD}")
    assert "cfn-mlflow:left-by" in kept[before]


def test_given_the_new_image_is_asked_then_on_a_paused_database_it_is_complete(
    local_aws: LocalAws, stack: Stack, template: Template
) -> None:
    local_aws.pause_cluster(stack.outputs["DatabaseClusterId"])
    assert stack.update(template(NEW)) == "UPDATE_COMPLETE", stack.failures()
    assert stack.outputs["ServiceImage"].endswith(f":v{NEW}-full")
    assert stack.outputs["SchemaRevision"] == NEW_HEAD
    runs = runs_of(local_aws, stack.outputs["TrackingUri"])
    assert runs == {**KEPT, "in between": 0.9}


def test_given_a_downgrade_then_it_is_refused_in_plain_words_before_anything_changes(
    local_aws: LocalAws, stack: Stack, template: Template
) -> None:
    reason = refused(local_aws, stack, template(OLD))
    assert f"it is at {NEW_HEAD}, MLflow {OLD} knows no more than {OLD_HEAD}" in reason
    assert "[SchemaAhead] " in reason
