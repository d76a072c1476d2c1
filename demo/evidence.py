"""What the demo asks of AWS itself, past MLflow and past the provider."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWNER_TAG = "cfn-mlflow:owner"
ROLE_PATH = "/cfn-mlflow/"


class NotShownError(Exception):
    """AWS does not hold what the demo promised."""


def run_in_database(clients: Any, outputs: dict[str, str], run_id: str) -> str:
    """Return the run's status as the database has it, asked through the Data API."""
    rows = _query(clients, outputs, "select status from runs where run_uuid = :value", run_id)
    if not rows:
        raise NotShownError(f"the database has no run {run_id}")
    return rows[0]


def schema_revision(clients: Any, outputs: dict[str, str]) -> str:
    """Return the revision of the schema, asked through the Data API."""
    rows = _query(clients, outputs, "select version_num from alembic_version")
    if len(rows) != 1:
        raise NotShownError(f"the schema has {len(rows)} revisions, not one")
    return rows[0]


def artifact_in_bucket(clients: Any, bucket: str, run_id: str, size: int) -> str:
    """Return the key of the run's artifact, found in the bucket at its full size in bytes."""
    pages = clients("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for page in pages:
        for found in page.get("Contents", []):
            if run_id in found["Key"] and found["Size"] == size:
                return str(found["Key"])
    raise NotShownError(f"bucket {bucket} has no artifact of {size} bytes of run {run_id}")


def owned(clients: Any, stack_id: str) -> list[str]:
    """Return the ARN of every object that a resource of the stack owns."""
    return sorted(tags_of_owned(clients, stack_id))


def tags_of_owned(clients: Any, stack_id: str) -> dict[str, dict[str, str]]:
    """Return the tags of every object that a resource of the stack owns, by its ARN."""
    guid = stack_id.rsplit("/", 1)[-1]
    pages = clients("resourcegroupstaggingapi").get_paginator("get_resources")
    found = {
        mapping["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in mapping["Tags"]}
        for page in pages.paginate(TagFilters=[{"Key": OWNER_TAG}])
        for mapping in page["ResourceTagMappingList"]
    }
    found |= _tags_of_roles(clients)
    return {arn: tags for arn, tags in found.items() if tags.get(OWNER_TAG, "").startswith(guid)}


def left_by(clients: Any, stack_id: str) -> list[str]:
    """Return the ARN of every object that a resource of the stack left behind on purpose."""
    guid = stack_id.rsplit("/", 1)[-1]
    pages = clients("resourcegroupstaggingapi").get_paginator("get_resources")
    return sorted(
        mapping["ResourceARN"]
        for page in pages.paginate(TagFilters=[{"Key": "cfn-mlflow:left-by"}])
        for mapping in page["ResourceTagMappingList"]
        if any(t["Key"] == "cfn-mlflow:left-by" and guid in t["Value"] for t in mapping["Tags"])
    )


def passwords(clients: Any) -> set[str]:
    """Return every password that a secret of the account holds."""
    secrets = clients("secretsmanager")
    found = set()
    for page in secrets.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            value = secrets.get_secret_value(SecretId=secret["ARN"])["SecretString"]
            found.add(_password_of(value))
    return found


def places_with(secrets: set[str], texts: Iterator[tuple[str, str]]) -> list[str]:
    """Return the names of the texts in which a secret stands: raw, URL-quoted or base64."""
    forms = {form.encode() for secret in secrets for form in _forms(secret)}
    return sorted({name for name, text in texts if any(f in text.encode() for f in forms)})


def texts_of(clients: Any, stack_id: str, logs: Path) -> Iterator[tuple[str, str]]:
    """Yield everything that was said or stored for people to read, by name."""
    for path in logs.rglob("*.log"):
        yield str(path), path.read_text(errors="replace")
    cloudformation = clients("cloudformation")
    yield "stack events", _json(cloudformation.describe_stack_events(StackName=stack_id))
    yield "stack", _json(cloudformation.describe_stacks(StackName=stack_id))
    yield from _log_groups(clients("logs"))
    yield from _task_definitions(clients("ecs"))
    yield "rules", _json(clients("events").list_rules())


def _log_groups(logs: Any) -> Iterator[tuple[str, str]]:
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            pages = logs.get_paginator("filter_log_events")
            for events in pages.paginate(logGroupName=group["logGroupName"]):
                yield f"log group {group['logGroupName']}", _json(events["events"])


def _task_definitions(ecs: Any) -> Iterator[tuple[str, str]]:
    for page in ecs.get_paginator("list_task_definitions").paginate():
        for arn in page["taskDefinitionArns"]:
            yield f"task definition {arn}", _json(ecs.describe_task_definition(taskDefinition=arn))


def _tags_of_roles(clients: Any) -> dict[str, dict[str, str]]:
    iam = clients("iam")
    return {
        role["Arn"]: {
            tag["Key"]: tag["Value"]
            for tag in iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
        }
        for page in iam.get_paginator("list_roles").paginate(PathPrefix=ROLE_PATH)
        for role in page["Roles"]
    }


def _query(clients: Any, outputs: dict[str, str], sql: str, value: str = "") -> list[str]:
    parameters = [{"name": "value", "value": {"stringValue": value}}] if value else []
    answer = clients("rds-data").execute_statement(
        resourceArn=outputs["DatabaseClusterArn"],
        secretArn=outputs["DatabaseServiceSecretArn"],
        database="mlflow",
        sql=sql,
        parameters=parameters,
    )
    return [str(row[0]["stringValue"]) for row in answer["records"]]


def _password_of(value: str) -> str:
    try:
        return str(json.loads(value)["password"])
    except (ValueError, KeyError, TypeError):
        return value


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield urllib.parse.quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield base64.b64encode(secret.encode()).decode().rstrip("=")


def _json(value: object) -> str:
    return json.dumps(value, default=str)
