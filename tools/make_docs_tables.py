"""Write what docs/types/ takes from the models, between its markers.

PYTHONPATH=functions:. python -m tools.make_docs_tables
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.type_reference import PropertyReference, TypeReference, types

PAGES = Path(__file__).parent.parent / "docs" / "types"

PAGE_OF_TYPE = {
    "Custom::MLflow": "mlflow.md",
    "Custom::MLflowBucket": "mlflow-bucket.md",
    "Custom::MLflowDatabase": "mlflow-database.md",
    "Custom::MLflowService": "mlflow-service.md",
    "Custom::MLflowSchema": "mlflow-schema.md",
}

_PART = re.compile(r"(<!-- (syntax|properties|attributes) -->\n).*?(<!-- end -->)", re.DOTALL)
_SCALARS = {
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "object": "Map",
}
_NAMED_TYPES = {
    "Tags": "Map of String, or List of Tag",
    "SidecarContainerDefinitions": "List of ContainerDefinition",
    "ServiceSidecarContainerDefinitions": "List of ContainerDefinition",
}


def page(text: str, reference: TypeReference) -> str:
    """Return a page with its generated parts as the models are now."""
    made = {
        "syntax": _syntax(reference),
        "properties": _properties(reference),
        "attributes": _attributes(reference),
    }
    return _PART.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}", text)


def _syntax(reference: TypeReference) -> str:
    lines = [
        "```yaml",
        f"Type: {reference.type_name}",
        "Properties:",
        "  ServiceToken: String",
        "  ServiceTimeout: Integer",
        *(f"  {item.name}: {_type(item)}" for item in reference.properties),
        "```",
    ]
    return "\n".join(lines)


def _properties(reference: TypeReference) -> str:
    rows = [
        "| property | type | default | on update | |",
        "|---|---|---|---|---|",
        *(
            f"| `{item.name}` | {_type(item)}{_limits(item.schema)} | {_default(item)}"
            f" | {item.update} | {item.description} |"
            for item in reference.properties
        ),
    ]
    return "\n".join(rows)


def _attributes(reference: TypeReference) -> str:
    rows = ["| attribute | |", "|---|---|"]
    rows += [f"| `{name}` | {words} |" for name, words in reference.attributes.items()]
    return "\n".join(rows)


def _type(item: PropertyReference) -> str:
    if item.name in _NAMED_TYPES:
        return _NAMED_TYPES[item.name]
    if item.schema["type"] == "array":
        return f"List of {_SCALARS[item.schema['items']['type']]}"
    return _SCALARS[item.schema["type"]]


def _limits(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ": " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "minimum" in schema:
        steps = f" in steps of {schema['multipleOf']}" if "multipleOf" in schema else ""
        return f", {schema['minimum']} to {schema['maximum']}{steps}"
    if schema.get("minItems", 1) > 1:
        return f", {schema['minItems']} or more"
    return ""


def _default(item: PropertyReference) -> str:
    if item.required:
        return "**required**"
    if item.default_words:
        return item.default_words
    if item.default in ("", (), {}):
        return "none"
    if isinstance(item.default, bool):
        return f"`{str(item.default).lower()}`"
    return f"`{item.default:g}`" if isinstance(item.default, float) else f"`{item.default}`"


def texts() -> dict[Path, str]:
    """Return the text that each page should have."""
    pages = {PAGES / PAGE_OF_TYPE[reference.type_name]: reference for reference in types()}
    return {path: page(path.read_text(), reference) for path, reference in pages.items()}


if __name__ == "__main__":
    for path, text in texts().items():
        path.write_text(text)
