"""What the models say of each type, as the schemas and the docs tell it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from cfn_mlflow.types.bucket.attributes import BucketAttributes
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.attributes import DatabaseAttributes
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.attributes import MLflowAttributes
from cfn_mlflow.types.mlflow.names import joined_name
from cfn_mlflow.types.mlflow.properties import (
    PARTS,
    SUBNET_IDS,
    SUBNET_LISTS,
    joined_fields,
)
from cfn_mlflow.types.schema.attributes import SchemaAttributes
from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service.attributes import ServiceAttributes
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Attributes, Properties

_PROPERTY = re.compile(r"\{(\w+)\}")
_SCHEMA_ONLY = ("title", "default", "update", "defaultWords", "examples", "description")


@dataclass(frozen=True)
class PropertyReference:
    """One property, under the name that a user writes."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool
    default: Any
    default_words: str
    update: str
    example: Any


@dataclass(frozen=True)
class TypeReference:
    """One type."""

    type_name: str
    description: str
    properties: tuple[PropertyReference, ...]
    attributes: Mapping[str, str]
    """Each attribute's description by its name."""

    @property
    def required(self) -> tuple[str, ...]:
        """The properties that must be given."""
        return tuple(item.name for item in self.properties if item.required)


def types() -> tuple[TypeReference, ...]:
    """Return every type, the union first."""
    return (
        _joined(),
        _part("Bucket", BucketProperties, BucketAttributes, "The artifact bucket."),
        _part(
            "Database",
            DatabaseProperties,
            DatabaseAttributes,
            "Aurora Serverless v2 PostgreSQL, its network, its secrets and its logins.",
        ),
        _part(
            "Service",
            ServiceProperties,
            ServiceAttributes,
            "The tracking server on ECS with its load balancer, roles, logs, migration, scaling.",
        ),
        _part(
            "Schema",
            SchemaProperties,
            SchemaAttributes,
            "The check after the deploy: the database's schema against what the release declares.",
        ),
    )


def _part(
    name: str,
    properties: type[Properties],
    attributes: type[Attributes],
    description: str,
) -> TypeReference:
    return TypeReference(
        f"Custom::MLflow{name}",
        description,
        tuple(
            _property(str(field.alias), properties, field, "")
            for field in properties.model_fields.values()
        ),
        _described(attributes),
    )


def _joined() -> TypeReference:
    fields = joined_fields()
    properties = [
        _property(name, PARTS[part], field, part) for name, (part, field) in fields.items()
    ]
    shorthand = next(item for item in properties if item.name == SUBNET_LISTS[0])
    properties.insert(
        [item.name for item in properties].index(SUBNET_LISTS[1]),
        PropertyReference(
            SUBNET_IDS,
            "Subnets of the load balancer, the tasks and the database, in two Availability Zones"
            " or more. Stands for each of their three lists that is not given.",
            shorthand.schema,
            False,
            None,
            "the three lists are given",
            "in place",
            shorthand.example,
        ),
    )
    return TypeReference(
        "Custom::MLflow",
        "The bucket, the database and the service in one resource.",
        tuple(_shortened(item) for item in properties),
        _described(MLflowAttributes),
    )


def _shortened(item: PropertyReference) -> PropertyReference:
    """Return the property as the shorthand for subnets leaves it."""
    if item.name not in SUBNET_LISTS:
        return item
    return PropertyReference(
        **{**vars(item), "required": False, "default_words": f"`{SUBNET_IDS}`"},
    )


def _property(name: str, model: type[Properties], field: FieldInfo, part: str) -> PropertyReference:
    extra: Mapping[str, Any] = field.json_schema_extra or {}  # type: ignore[assignment]

    def words(text: str) -> str:
        return _PROPERTY.sub(lambda m: f"`{joined_name(part, m[1]) if part else m[1]}`", text)

    return PropertyReference(
        name,
        words(str(field.description)),
        _schema(model, str(field.alias)),
        field.is_required(),
        None if field.is_required() else field.default,
        words(extra.get("defaultWords", "")),
        extra["update"],
        extra.get("examples", [None])[0],
    )


def _schema(model: type[Properties], name: str) -> Mapping[str, Any]:
    schema = _schemas(model)[name]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema = kinds[0]
    return {key: value for key, value in schema.items() if key not in _SCHEMA_ONLY}


@cache
def _schemas(model: type[Properties]) -> Mapping[str, Mapping[str, Any]]:
    """Return the schema of each property of a model by its name: made once, for reading."""
    found: Mapping[str, Mapping[str, Any]] = model.model_json_schema(by_alias=True)["properties"]
    return found


def _described(attributes: type[Attributes]) -> Mapping[str, str]:
    return {str(field.alias): str(field.description) for field in attributes.model_fields.values()}
