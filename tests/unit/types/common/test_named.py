"""The name and the tags of what a type makes."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Update, parse
from tests.support.properties.properties_kit import DATABASE, JOINED, SERVICE

TYPES: list[tuple[Any, dict[str, Any]]] = [
    (MLflowProperties, JOINED),
    (BucketProperties, {}),
    (DatabaseProperties, DATABASE),
    (ServiceProperties, SERVICE),
]


def test_types_that_are_given_no_name_begin_their_names_differently() -> None:
    assert [parse(model, right).unique_name for model, right in TYPES] == [
        "mlflow",
        "mlflow-bucket",
        "mlflow-database",
        "mlflow-service",
    ]


def test_name_of_what_exists_cannot_change_and_its_tags_can() -> None:
    for model, _ in TYPES[1:]:
        told = model.model_json_schema()["properties"]
        assert told["UniqueName"]["update"] == Update.REFUSED.value
        assert told["Tags"]["update"] == Update.IN_PLACE.value
