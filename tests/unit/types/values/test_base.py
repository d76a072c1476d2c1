"""What is common to all types: how properties arrive, and how their faults are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.outcome import FAULTS_BYTES, Cause, InvalidProperties
from cfn_mlflow.reason import Reason
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import PARTS, MLflowProperties
from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Properties, parse
from tests.support.properties.properties_kit import DATABASE, JOINED, SCHEMA, SERVICE, faults
from tools.type_reference import types

TYPES: list[tuple[type[Properties], Any]] = [
    (MLflowProperties, JOINED),
    (BucketProperties, {}),
    (DatabaseProperties, DATABASE),
    (ServiceProperties, SERVICE),
    (SchemaProperties, SCHEMA),
]

REFERENCES = {
    model: reference.properties for (model, _), reference in zip(TYPES, types(), strict=True)
}

SECRET = "hunter2-not-to-be-told"  # what must never be in an answer

every_type = pytest.mark.parametrize(
    ("model", "right"), TYPES, ids=lambda it: getattr(it, "__name__", "")
)


@every_type
def test_given_the_required_properties_alone_then_they_are_enough(
    model: type[Properties], right: dict[str, Any]
) -> None:
    assert faults(model, right) == ()


@every_type
def test_given_one_required_property_less_then_that_one_is_told(
    model: type[Properties], right: dict[str, Any]
) -> None:
    for name in right:
        rest = {key: value for key, value in right.items() if key != name}
        assert faults(model, rest) == (f"{name}: required",)
        assert faults(model, right | {name: ""}) == (f"{name}: required",)


@every_type
def test_given_cloudformations_own_properties_then_no_type_sees_them(
    model: type[Properties], right: dict[str, Any]
) -> None:
    own = {"ServiceToken": "arn:aws:lambda:...", "ServiceTimeout": "600"}
    assert parse(model, right | own) == parse(model, right)


@every_type
def test_given_unset_optional_properties_then_they_are_the_defaults(
    model: type[Properties], right: dict[str, Any]
) -> None:
    optional = {name: "" for name in model.property_names() if name not in right}
    assert parse(model, right | optional) == parse(model, right)


@every_type
def test_given_the_names_of_the_code_then_they_are_not_taken_for_properties(
    model: type[Properties], right: dict[str, Any]
) -> None:
    for name in model.model_fields:
        assert faults(model, right | {name: "x"})[0].startswith(f"{name}: no such property")


@every_type
def test_given_the_name_of_a_part_then_it_is_not_taken_for_a_property(
    model: type[Properties], right: dict[str, Any]
) -> None:
    for name in PARTS:
        [fault] = faults(model, right | {name: "x"})
        assert re.match(rf"{name} ?: no such property", fault)


@every_type
@given(wrong=st.dictionaries(st.text(max_size=80), st.text() | st.none() | st.integers()))
def test_given_properties_nobody_knows_then_all_are_refused_within_the_answer(
    model: type[Properties], right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    unknown = {
        name: value
        for name, value in wrong.items()
        if name not in (*model.property_names(), "ServiceToken", "ServiceTimeout")
        and value not in ("", None)
    }
    told = faults(model, right | unknown)
    assert len(told) == len({name[:60] for name in unknown})
    assert (
        len(
            str(
                InvalidProperties(
                    [Cause(Reason.InvalidProperty, each) for each in told or ("none",)]
                )
            ).encode()
        )
        <= FAULTS_BYTES
    )


@every_type
@given(data=st.data())
def test_given_any_value_for_any_property_then_it_is_read_or_told_and_never_repeated(
    model: type[Properties], right: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(model.property_names()))
    value = data.draw(
        st.sampled_from(
            [SECRET, [SECRET], {"a": SECRET}, [{"Key": SECRET}], [{"Name": SECRET}], 7, True, [[]]]
        )
    )
    for fault in faults(model, right | {name: value}):
        assert SECRET not in fault
        assert fault.split(":")[0]


@every_type
def test_given_a_property_in_another_case_then_that_one_alone_is_meant(
    model: type[Properties], right: dict[str, Any]
) -> None:
    for name in model.property_names():
        written = name.upper()
        told = f"{written}: no such property; did you mean {name}?"
        assert told in faults(model, {**right, written: "1"})


@every_type
def test_given_a_value_of_the_wrong_form_then_it_is_told_in_the_schemas_words(
    model: type[Properties], right: dict[str, Any]
) -> None:
    told_in_words = {
        item.name: item.schema
        for item in REFERENCES[model]
        if item.schema.keys() & {"pattern", "enum", "items"}
    }
    assert told_in_words
    for name, schema in told_in_words.items():
        wrong = {"integer": "2"}.get(schema["type"], "\n")
        told = f"{name}: {schema['errorMessage']}"
        assert told in faults(model, {**right, name: wrong})


@pytest.mark.parametrize(
    "value",
    [
        "{{resolve:ssm-secure:/mlflow/password}}",
        ["{{resolve:secretsmanager:x}}"],
        {"team": "a {{resolve:ssm:x}}"},
        {"{{resolve:ssm:x}}": "a"},
    ],
)
def test_given_a_reference_that_was_left_unresolved_then_it_is_refused_and_not_told(
    value: Any,
) -> None:
    (fault,) = faults(BucketProperties, {"Tags": value})
    assert fault.startswith("Tags: holds a {{resolve:...}} reference")
    assert "ssm" not in fault
    assert "secretsmanager" not in fault


def test_given_an_unresolved_reference_then_the_other_faults_are_told_too() -> None:
    told = faults(BucketProperties, {"BucketId": "{{resolve:ssm-secure:x}}", "Path": "x"})
    assert [fault.split(":")[0] for fault in told] == ["Path", "BucketId"]
