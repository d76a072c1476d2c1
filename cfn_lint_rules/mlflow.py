"""cfn-lint rules for Custom::MLflow*, from schemas/; use with `cfn-lint -a cfn_lint_rules`.

cfn-lint knows every `Custom::` type as one and checks none of its properties, so these do.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cfnlint.helpers import FUNCTIONS
from cfnlint.jsonschema import ValidationError, Validator
from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.rules.jsonschema.CfnLintJsonSchema import CfnLintJsonSchema
from cfnlint.template import Template

_ROOT = Path(__file__).parent.parent

SCHEMAS: dict[str, dict[str, Any]] = {
    schema["typeName"]: schema
    for path in sorted((_ROOT / "schemas").glob("MLflow*.json"))
    for schema in (json.loads(path.read_text()),)
}

SOURCE = "docs/types"

_IN_WORDS = ("enum", "pattern", "type")
"""Keywords whose fault the schema's own words tell better than cfn-lint's."""

_IN_SUB = re.compile(r"\$\{(\w+)\.([\w.]+)\}")


def _provider_suggestion() -> Callable[..., str]:
    """Return the provider's function; no other package of ours has to be installed for it."""
    source = _ROOT / "functions" / "cfn_mlflow" / "types" / "values" / "suggestion.py"
    spec = importlib.util.spec_from_file_location("cfn_mlflow_suggestion", source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., str] = module.suggestion
    return found


_suggestion = _provider_suggestion()


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
        checked = self.extend_validator(
            prepared, known, prepared.context.evolve(), _told_as_by_the_provider(prepared)
        )
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
            RuleMatch(path, _no_attribute(types[resource], attribute))
            for path, resource, attribute in _asked(cfn)
            if types.get(resource) in SCHEMAS
            and attribute not in SCHEMAS[types[resource]]["attributes"]
        ]


def _no_attribute(type_name: str, attribute: str) -> str:
    known = SCHEMAS[type_name]["attributes"]
    return f"{type_name} has no attribute {attribute!r}{_suggestion(attribute, known)}"


def _told_as_by_the_provider(validator: Validator) -> dict[str, Any]:
    """Return the keywords' checks with what they find told in the provider's words."""
    checks = {keyword: _in_words(validator.validators[keyword]) for keyword in _IN_WORDS}
    return {
        **checks,
        "anyOf": _one_way_of(validator.validators["anyOf"]),
        "additionalProperties": _named(validator.validators["additionalProperties"]),
    }


def _in_words(check: Any) -> Any:
    def told(
        validator: Validator, keyword: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        for error in check(validator, keyword, instance, schema):
            if "errorMessage" in schema:
                error.message, error.context = f"{instance!r}: {schema['errorMessage']}", []
            yield error

    return told


def _one_way_of(check: Any) -> Any:
    """Return the check of `anyOf`, which tells the ways there are where each is to be there."""

    def told(
        validator: Validator, keyword: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        for error in _in_words(check)(validator, keyword, instance, schema):
            if all(way.keys() == {"required"} for way in keyword):
                ways = " or ".join(", ".join(way["required"]) for way in keyword)
                error.message, error.context = f"required: {ways}", []
            yield error

    return told


def _named(check: Any) -> Any:
    def told(
        validator: Validator, keyword: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        known = schema.get("properties", {})
        for error in check(validator, keyword, instance, schema):
            if not keyword:  # else the fault is one of a value, not of a name
                name = str(error.path[-1])
                error.message = f"{name}: no such property{_suggestion(name, known)}"
            yield error

    return told


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
