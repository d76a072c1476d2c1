"""The schema of whole templates, for editors: our resources are checked, all others left alone.

Where a type's own schema asks for a value, a template may have a function that gives it: `Ref`,
`Fn::If`, and so on, or their short forms, which an editor is told of as tags that give an object.
So every value here is either such an object, or as the type's schema says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FUNCTION = {"$ref": "#/definitions/function"}
_UNSET_OR_FUNCTION = {"anyOf": [{"const": ""}, _FUNCTION]}
_TOLD = ("description", "default", "examples")
_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules"),
    *("Mappings", "Conditions", "Transform", "Outputs"),
)
_CONTAINERS = "SidecarContainerDefinitions"
"""A property of two types whose schema is longer than all else: it stands here once."""


def template_schema(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the schema of a template, given each type's own by the type's name.

    Of what is outside our resources nothing is said: a macro may stand anywhere.
    """
    containers = schemas["Custom::MLflowService"]["properties"][_CONTAINERS]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A template with Custom::MLflow",
        "type": "object",
        "required": ["Resources"],
        "properties": {
            **{section: {} for section in _SECTIONS},
            "Resources": {
                "type": "object",
                "additionalProperties": {"$ref": "#/definitions/resource"},
            },
        },
        "definitions": {
            "function": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": {"pattern": "^(Ref|Fn::.+)$"},
            },
            "containers": _value(containers),
            "resource": _resource(schemas),
            **{_definition(name): _properties(schema) for name, schema in schemas.items()},
        },
    }


def _resource(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a resource: one of ours, or one of which nothing is said."""
    ours = [
        {"const": name, "description": schema["description"]} for name, schema in schemas.items()
    ]
    return {
        "properties": {"Type": {"anyOf": [*ours, {"type": "string"}]}},
        "allOf": [
            {
                "if": {
                    "type": "object",
                    "properties": {"Type": {"pattern": f"^{name}$"}},
                    "required": ["Type"],
                },
                "then": _our_resource(name, schema["description"]),
            }
            for name, schema in schemas.items()
        ],
    }


def _our_resource(name: str, description: str) -> dict[str, Any]:
    """Return what a resource of one of our types has; there are no other sections of it."""
    policy = {"enum": ["Delete", "Retain", "RetainExceptOnCreate"]}
    return {
        "properties": {
            "Type": {"description": description},
            "Properties": {"$ref": f"#/definitions/{_definition(name)}"},
            "Condition": {"type": "string"},
            "DependsOn": {"type": ["string", "array"], "items": {"type": "string"}},
            "DeletionPolicy": _or_function(policy),
            "UpdateReplacePolicy": _or_function(policy),
            "Metadata": {"type": "object"},
        },
        "required": ["Properties"],
        "additionalProperties": False,
    }


def _definition(type_name: str) -> str:
    return type_name.replace("::", "")


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a type's properties, as a template may give them."""
    required = schema["required"]
    made = {
        **_structure(schema),
        "properties": {
            name: _property(name, value, optional=name not in required)
            for name, value in schema["properties"].items()
        },
    }
    if "anyOf" in schema:
        made["anyOf"] = schema["anyOf"]
    return made


def _property(name: str, schema: Mapping[str, Any], *, optional: bool) -> dict[str, Any]:
    told = {key: schema[key] for key in _TOLD if key in schema}
    update = (
        f"{told['description']}\n\nOn update: {schema['update']}." if "update" in schema else ""
    )
    shown = {"description": update} if update else {}
    containers = name.endswith(_CONTAINERS)
    value = {"$ref": "#/definitions/containers"} if containers else _value(schema)
    return told | shown | _or_function(value, unset=optional)


def _or_function(schema: Mapping[str, Any], *, unset: bool = False) -> dict[str, Any]:
    """Return a value that a function may give; what an editor offers is looked for outside."""
    offered = {"examples": schema["enum"]} if "enum" in schema else {}
    given = _UNSET_OR_FUNCTION if unset else _FUNCTION
    return offered | {"if": given, "then": {}, "else": schema}


def _value(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a value is that no function gives; CloudFormation makes scalars strings."""
    made = {key: value for key, value in schema.items() if key not in {*_TOLD, "update"}}
    if "anyOf" in schema:
        made["anyOf"] = [_value(kind) for kind in schema["anyOf"]]
    match schema.get("type"):
        case "object":
            return made | _structure(schema)
        case "array":
            return made | {"items": _or_function(_value(schema["items"]))}
        case "boolean":
            return made | {"type": ["boolean", "string"], "enum": [True, False, "true", "false"]}
        case "integer" | "number" as kind:
            return made | _number(schema, kind)
        case "string" if "pattern" not in schema and "enum" not in schema:
            return made | {"type": ["string", "number", "boolean"]}
    return made


def _number(schema: Mapping[str, Any], kind: str) -> dict[str, Any]:
    if "enum" in schema:
        return {"type": [kind, "string"], "enum": [*schema["enum"], *map(str, schema["enum"])]}
    digits = "^-?[0-9]+$" if kind == "integer" else r"^-?[0-9]+(\.[0-9]+)?$"
    return {"type": [kind, "string"], "pattern": digits}


def _structure(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object; a macro may stand among its properties (`Fn::Transform`)."""
    made: dict[str, Any] = {"type": "object"}
    if isinstance(schema.get("additionalProperties"), Mapping):
        return made | {"additionalProperties": _or_function(_value(schema["additionalProperties"]))}
    if "properties" in schema:
        made["properties"] = {
            name: _or_function(_value(value), unset=True)
            for name, value in schema["properties"].items()
        }
        made |= {"patternProperties": {"^Fn::": {}}, "additionalProperties": False}
    if "required" in schema:
        made["required"] = list(schema["required"])
    return made
