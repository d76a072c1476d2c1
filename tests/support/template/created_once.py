"""What CloudFormation sets only when it makes a resource: a change of it makes another one.

A resource with a name of its own cannot be made beside itself: its update fails, and with it the
update of the provider. Which properties these are stands in CloudFormation's own schemas.

python -m tests.support.template.created_once
    writes down resources that are new; never changes one
"""

from __future__ import annotations

import json
from pathlib import Path

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.support.template.provider_template import Json, template

RECORD = Path(__file__).parents[2] / "template" / "created_once.json"
REGION = "us-east-1"
EXPANDED = {"AWS::Serverless::Function": "AWS::Lambda::Function"}
"""What SAM makes of a type of its own."""


def created_once() -> dict[str, Json]:
    """Return, by logical id, the properties that the template's resources keep for life."""
    found: dict[str, Json] = {}
    for name, body in template()["Resources"].items():
        given = body.get("Properties", {})
        kept = {key: given[key] for key in _for_life(body["Type"]) if key in given}
        found[name] = {"Type": body["Type"], "Properties": kept}
    return found


def recorded() -> dict[str, Json]:
    """Return the same as it was when each resource came into the template."""
    found: dict[str, Json] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return found


def _for_life(kind: str) -> list[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, EXPANDED.get(kind, kind)).schema
    paths: list[str] = schema.get("createOnlyProperties", [])
    return sorted({path.split("/")[2] for path in paths})


if __name__ == "__main__":
    RECORD.write_text(json.dumps({**created_once(), **recorded()}, indent=1, sort_keys=True) + "\n")
