"""What is generated from the models is as the models are now."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic.alias_generators import to_pascal

from tools import make_container_definition, make_docs_tables, make_errors, make_schemas
from tools.type_reference import TypeReference, types

ROOT = Path(__file__).parents[2]
DECLARED = re.compile(
    r'(?:described\(\s*|^SUBNET_IDS = |^ {12}(?=\S+ "\w+",$))"(\w+)"', re.MULTILINE
)
"""A field's first argument, or a line of names.py that gives a part's property its joined name."""
TYPES_ROOM = ROOT / "functions" / "cfn_mlflow" / "types"
TYPES = {reference.type_name: reference for reference in types()}


@pytest.mark.parametrize("path", sorted(make_schemas.texts()), ids=lambda path: path.name)
def test_given_the_models_then_the_schema_beside_them_is_theirs(path: Path) -> None:
    assert path.read_text() == make_schemas.texts()[path]


def test_given_the_models_then_there_is_no_schema_of_another_type() -> None:
    assert set((ROOT / "schemas").glob("*.json")) == set(make_schemas.texts())


def test_the_table_of_the_codes_is_as_the_codes_are_now() -> None:
    page = make_errors.PAGE.read_text()
    assert page == make_errors.text(page)
    assert page.count("<!-- end -->") == 1


@pytest.mark.parametrize("path", sorted(make_docs_tables.texts()), ids=lambda path: path.name)
def test_given_the_models_then_the_tables_of_the_docs_are_theirs(path: Path) -> None:
    assert path.read_text() == make_docs_tables.texts()[path]
    assert path.read_text().count("<!-- end -->") == 3


def test_given_botocore_then_the_shape_of_a_sidecar_is_its_container_definition() -> None:
    shape = (ROOT / make_container_definition.TARGET).read_text()
    assert shape == make_container_definition.text()
    assert json.loads(shape)["properties"]["essential"] == {"type": "boolean"}


@pytest.mark.parametrize("reference", TYPES.values(), ids=TYPES)
def test_given_a_type_then_each_property_says_what_it_is_and_shows_a_value(
    reference: TypeReference,
) -> None:
    for item in reference.properties:
        assert item.description.endswith((".", "`")), item.name
        assert item.required or item.default is not None or item.default_words, item.name
        assert item.example is not None, item.name
        assert "{" not in item.description + item.default_words, item.name


@pytest.mark.parametrize("reference", TYPES.values(), ids=TYPES)
def test_given_a_type_then_each_name_stands_written_out_where_it_is_declared(
    reference: TypeReference,
) -> None:
    own = reference.type_name.removeprefix("Custom::MLflow").lower() or "mlflow"
    rooms = (own,) if own == "mlflow" else (own, "common", "values")
    files = [path for room in rooms for path in (TYPES_ROOM / room).rglob("*.py")]
    declared = {name for path in files for name in DECLARED.findall(path.read_text())}
    names = [*(item.name for item in reference.properties), *reference.attributes]
    assert [name for name in names if name not in declared] == []


def test_each_input_of_the_terraform_module_is_a_property_with_its_default() -> None:
    rows = _rows("Inputs")
    properties = {item.name: item for item in TYPES["Custom::MLflow"].properties}
    assert len(rows) == 27
    for name, (_, ours, _, default, *_) in rows.items():
        assert ours == to_pascal(name)
        known = properties[ours].default
        if default.startswith("`") and default != "`SubnetIds`" and known is not None:
            assert default.strip("`") == _words(known)


def test_given_the_terraform_modules_outputs_then_each_is_an_attribute() -> None:
    rows = _rows("Outputs")
    assert len(rows) == 13
    for name, (_, ours) in rows.items():
        assert ours == to_pascal(name)
        assert ours in TYPES["Custom::MLflow"].attributes


def test_given_the_union_then_its_attributes_are_those_of_its_parts() -> None:
    parts: Mapping[str, str] = {
        **_prefixed("Custom::MLflowService", "Service"),
        **_prefixed("Custom::MLflowDatabase", "Database"),
        **_prefixed("Custom::MLflowBucket", "Artifact"),
    }
    bare = {name for reference in TYPES.values() for name in reference.attributes}
    for name in TYPES["Custom::MLflow"].attributes:
        assert name in parts or name in bare, name


def _prefixed(type_name: str, prefix: str) -> dict[str, str]:
    attributes = TYPES[type_name].attributes
    return {
        name if name.startswith(prefix) else prefix + name: words
        for name, words in attributes.items()
    }


def _rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of a table of docs/terraform.md by their first cell."""
    text = (ROOT / "docs" / "terraform.md").read_text().split(f"## {heading}\n")[1].split("## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| `", line)
    ]
    return {row[0].strip("`"): [row[0], row[1].strip("`"), *row[2:]] for row in rows}


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
