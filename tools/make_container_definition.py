"""Write the shape of an ECS container definition, from botocore's model, for the sidecars' rules.

Without what Fargate and its `awsvpc` network cannot do (the model's own documentation says so).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.session import Session

TARGET = Path("functions/cfn_mlflow/types/service/tasks/container_definition.json")

NOT_ON_FARGATE = {
    "ContainerDefinition": {
        "credentialSpecs",
        "disableNetworking",
        "dnsSearchDomains",
        "dnsServers",
        "dockerSecurityOptions",
        "extraHosts",
        "hostname",
        "links",
        "privileged",
        "resourceRequirements",
    },
    "LinuxParameters": {"devices", "maxSwap", "sharedMemorySize", "swappiness", "tmpfs"},
    "PortMapping": {"containerPortRange"},
}

_TYPES = {"long": "integer", "double": "number", "float": "number"}


def container_definition() -> dict[str, Any]:
    """Return the shape as a JSON Schema, names as the ECS API has them."""
    model = Session().get_service_model("ecs")
    schema = _schema(model.shape_for("ContainerDefinition"))
    schema["required"] = ["name", "image"]
    return schema


def _schema(shape: Shape) -> dict[str, Any]:
    if isinstance(shape, StructureShape):
        left_out = NOT_ON_FARGATE.get(shape.name, set())
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {
                name: _schema(member)
                for name, member in shape.members.items()
                if name not in left_out
            },
            "additionalProperties": False,
        }
        return schema | ({"required": shape.required_members} if shape.required_members else {})
    if isinstance(shape, ListShape):
        return {"type": "array", "items": _schema(shape.member)}
    if isinstance(shape, MapShape):
        return {"type": "object", "additionalProperties": {"type": "string"}}
    enum = list(getattr(shape, "enum", []))
    return {"type": _TYPES.get(shape.type_name, shape.type_name)} | ({"enum": enum} if enum else {})


def text() -> str:
    """Return the file's text."""
    return json.dumps(container_definition(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
