"""Write schemas/: a JSON Schema per type, and one of whole templates, made from the models.

PYTHONPATH=functions:. python -m tools.make_schemas
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cfn_mlflow.types.mlflow.properties import SUBNET_IDS, SUBNET_LISTS
from tools.template_schema import template_schema
from tools.type_reference import PropertyReference, TypeReference, types

SCHEMAS = Path(__file__).parent.parent / "schemas"

_FRAMEWORK = {
    "ServiceToken": {
        "type": "string",
        "description": "ARN of the provider's function for this type.",
    },
    "ServiceTimeout": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3600,
        "default": 3600,
        "description": "Seconds after which CloudFormation gives up.",
    },
}


def schema(reference: TypeReference) -> dict[str, Any]:
    """Return a type's schema; `attributes` is what `Fn::GetAtt` gives."""
    made: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "typeName": reference.type_name,
        "description": reference.description,
        "type": "object",
        "properties": _FRAMEWORK | {item.name: _property(item) for item in reference.properties},
        "required": ["ServiceToken", *reference.required],
        "additionalProperties": False,
        "attributes": {
            name: {"type": "string", "description": words}
            for name, words in reference.attributes.items()
        },
    }
    if SUBNET_LISTS[-1] in made["properties"]:
        made["anyOf"] = [{"required": [SUBNET_IDS]}, {"required": list(SUBNET_LISTS)}]
    return made


def _property(item: PropertyReference) -> dict[str, Any]:
    default = {} if item.required or item.default in (None, "") else {"default": item.default}
    return {**item.schema, **default, "description": item.description, "update": item.update}


def texts() -> dict[Path, str]:
    """Return the text of each file."""
    by_type = {reference.type_name: schema(reference) for reference in types()}
    files = {name.removeprefix("Custom::"): made for name, made in by_type.items()}
    files["template"] = template_schema(by_type)
    return {
        SCHEMAS / f"{name}.json": json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        for name, made in files.items()
    }


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text)
