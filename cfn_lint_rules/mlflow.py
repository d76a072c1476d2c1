"""cfn-lint rules for Custom::MLflow*, from schemas/; use with `cfn-lint -a cfn_lint_rules`.

cfn-lint knows every `Custom::` type as one and checks none of its properties, so these do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.helpers import FUNCTIONS
from cfnlint.jsonschema import ValidationError, Validator
from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.rules.jsonschema.CfnLintJsonSchema import CfnLintJsonSchema
from cfnlint.template import Template

SCHEMAS: dict[str, dict[str, Any]] = {
    schema["typeName"]: schema
    for path in sorted((Path(__file__).parent.parent / "schemas").glob("MLflow*.json"))
    for schema in (json.loads(path.read_text()),)
}

SOURCE = "docs/types"

_IN_SUB = re.compile(r"\$\{(\w+)\.([\w.]+)\}")


class MLflowProperties(CfnLintJsonSchema):  # type: ignore[misc] # cfn-lint has no types
    """Properties are those of the type, of its types and forms."""

    id = "E9400"
    shortdesc = "Custom::MLflow* properties are valid"
    description = "Checks the properties of Custom::MLflow* resources against their schemas"
    source_url = SOURCE
    tags = ["resources", "mlflow"]  # noqa: RUF012 - cfn-lint's own shape of a rule

    def __init__(self) -> None:
        super().__init__(keywords=["Resources/*"], all_matches=True)

    def validate(
        self, validator: Validator, _: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        """Yield what is wrong with one resource of ours; `""` is how `!If` leaves one unset."""
        del schema
        known = SCHEMAS.get(str(instance.get("Type"))) if isinstance(instance, dict) else None
        if known is None:
            return
        prepared = validator.evolve(
            context=validator.context.evolve(functions=list(FUNCTIONS), strict_types=False),
            function_filter=validator.function_filter.evolve(add_cfn_lint_keyword=False),
        )
        checked = self.extend_validator(prepared, known, prepared.context.evolve())
        for error in self._validate(checked, instance.get("Properties", {})):
            if error.instance != "" or (error.path and error.path[0] in known["required"]):
                error.path.appendleft("Properties")
                yield error


class MLflowAttributes(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint has no types
    """Attributes are those that the type has."""

    id = "E9401"
    shortdesc = "Custom::MLflow* attributes exist"
    description = "Checks Fn::GetAtt and Fn::Sub of Custom::MLflow* resources against their schemas"
    source_url = SOURCE
    tags = ["functions", "getatt", "mlflow"]  # noqa: RUF012 - cfn-lint's own shape of a rule

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return a match for each attribute that a resource of ours does not have."""
        types = {name: item.get("Type") for name, item in cfn.get_resources().items()}
        return [
            RuleMatch(path, f"{types[resource]} has no attribute {attribute!r}")
            for path, resource, attribute in _asked(cfn)
            if types.get(resource) in SCHEMAS
            and attribute not in SCHEMAS[types[resource]]["attributes"]
        ]


def _asked(cfn: Template) -> Iterator[tuple[list[Any], str, str]]:
    """Yield where an attribute is asked for, of which resource, and which."""
    for found in cfn.search_deep_keys("Fn::GetAtt"):
        *path, value = found
        parts = value.split(".", 1) if isinstance(value, str) else value
        if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            yield path, parts[0], ".".join(parts[1:])
    for found in cfn.search_deep_keys("Fn::Sub"):
        *path, value = found
        text = value[0] if isinstance(value, list) else value
        for resource, attribute in _IN_SUB.findall(text):
            yield path, resource, attribute
