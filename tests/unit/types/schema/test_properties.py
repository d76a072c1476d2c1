"""Custom::MLflowSchema and the check by hand: what each takes, and what only the other does."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.schema.properties import CheckEvent, SchemaProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import SCHEMA, faults

DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mlflow:7"


def test_check_needs_cluster_and_secret_and_looks_into_mlflows_database() -> None:
    asked = parse(SchemaProperties, SCHEMA)
    assert (asked.database_name, asked.task_definition_arn) == ("mlflow", None)
    assert faults(SchemaProperties, {}) == ("ClusterArn: required", "SecretArn: required")


def test_resource_takes_the_task_definition_to_follow_and_no_revision() -> None:
    assert faults(SchemaProperties, {**SCHEMA, "TaskDefinitionArn": DEFINITION}) == ()
    [fault] = faults(SchemaProperties, {**SCHEMA, "ExpectedRevision": "dc11669786a5"})
    assert fault.startswith("ExpectedRevision: no such property")


def test_event_takes_a_revision_and_no_task_definition() -> None:
    assert faults(CheckEvent, {**SCHEMA, "ExpectedRevision": "dc11669786a5"}) == ()
    [fault] = faults(CheckEvent, {**SCHEMA, "TaskDefinitionArn": DEFINITION})
    assert fault.startswith("TaskDefinitionArn: no such property")


@pytest.mark.parametrize("model", [SchemaProperties, CheckEvent])
def test_check_makes_nothing_and_so_takes_neither_name_nor_tags(
    model: type[SchemaProperties],
) -> None:
    asked = parse(model, SCHEMA)
    assert (asked.unique_name, asked.tags) == ("", {})
    assert len(faults(model, {**SCHEMA, "UniqueName": "a", "Tags": {"a": "b"}})) == 2
