from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfn_mlflow.cloudformation.event import parse
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Properties, parse_for_removal
from cfn_mlflow.types.values.base import parse as parse_properties
from tests.support.cloudformation.protocol_kit import PLACE

EVENTS = Path(__file__).parents[2] / "events"
TYPES: dict[str, tuple[str, type[Properties]]] = {
    "mlflow": ("Custom::MLflow", MLflowProperties),
    "mlflow-bucket": ("Custom::MLflowBucket", BucketProperties),
    "mlflow-database": ("Custom::MLflowDatabase", DatabaseProperties),
    "mlflow-service": ("Custom::MLflowService", ServiceProperties),
    "mlflow-schema": ("Custom::MLflowSchema", SchemaProperties),
}
KINDS = ("create", "update", "delete")


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def test_there_is_a_sample_for_every_request_of_every_type_and_the_last_word() -> None:
    wanted = {f"{name}-{kind}.json" for name in TYPES for kind in KINDS} | {"last-word.json"}

    assert {path.name for path in EVENTS.glob("*.json")} == wanted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TYPES)
def test_a_sample_is_a_request_with_properties_that_its_type_takes(name: str, kind: str) -> None:
    type_name, model = TYPES[name]

    request = parse(sample(f"{name}-{kind}"), PLACE)

    assert request.request_type == kind.capitalize()
    assert request.resource_type == type_name
    assert request.echoed_id == request.identity.physical_id
    assert parse_properties(model, request.properties)
    if kind == "update":
        assert parse_properties(model, request.old_properties or {})
        assert request.old_properties != request.properties
    assert parse_for_removal(model, request.properties)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TYPES)
def test_a_samples_values_are_text_as_cloudformation_sends_them(name: str, kind: str) -> None:
    def scalars(value: object) -> list[object]:
        if isinstance(value, dict):
            return [one for inner in value.values() for one in scalars(inner)]
        if isinstance(value, list):
            return [one for inner in value for one in scalars(inner)]
        return [value]

    assert all(isinstance(value, str) for value in scalars(sample(f"{name}-{kind}")))
