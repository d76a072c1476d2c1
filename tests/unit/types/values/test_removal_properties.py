"""A Delete goes by what can be read of the properties, and is never refused for the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import Properties, parse, parse_for_removal
from tests.support.properties.properties_kit import JOINED, TYPES


def test_given_properties_that_are_right_then_they_are_what_they_were() -> None:
    asked = JOINED | {"UniqueName": "team-a", "DatabaseSkipFinalSnapshot": "true"}
    removed, made = parse_for_removal(MLflowProperties, asked), parse(MLflowProperties, asked)
    assert isinstance(removed, MLflowProperties)
    assert removed.model_dump() == made.model_dump()


@pytest.mark.parametrize("model", TYPES)
def test_given_nothing_then_there_is_nothing_to_refuse(model: type[Properties]) -> None:
    removed = parse_for_removal(model, {})
    assert isinstance(removed, model)
    assert removed.tags == {}


def test_given_faults_then_what_is_right_stands() -> None:
    removed = parse_for_removal(
        MLflowProperties,
        {
            "ServiceToken": "x",
            "VpcId": "nonsense",
            "Nonsense": "1",
            "ServiceMinCapacity": "7",
            "DatabaseMinCapacity": "9",
            "DatabaseSkipFinalSnapshot": "true",
            "ArtifactBucketEmptyOnDelete": "true",
            "UniqueName": "team-a",
            "Tags": "nonsense",
        },
    )
    assert removed.unique_name == "team-a"
    assert removed.database().skip_final_snapshot
    assert removed.bucket().empty_on_delete
    assert removed.database().vpc_id == ""
    assert removed.tags == {}


def test_given_a_fault_in_what_would_lose_data_then_it_is_not_done() -> None:
    removed = parse_for_removal(DatabaseProperties, {"SkipFinalSnapshot": "yes"})
    assert removed.skip_final_snapshot is False


@pytest.mark.parametrize("model", TYPES)
@given(data=st.data())
def test_given_any_properties_then_they_can_be_removed(
    model: type[Properties], data: st.DataObject
) -> None:
    values: st.SearchStrategy[Any] = st.sampled_from(
        ["", "x", "0", "1", "9", "true", [], ["a"], {}, None, "{{resolve:ssm-secure:x}}"]
    )
    names = st.sampled_from([*model.property_names(), "Nonsense"])
    asked = data.draw(st.dictionaries(names, values, max_size=8))
    assert isinstance(parse_for_removal(model, asked), model)


@pytest.mark.parametrize("model", TYPES)
def test_what_reads_as_a_loss_of_data_counts_only_if_cloudformation_shows_it(
    model: type[Properties],
) -> None:
    names = {name for name in model.property_names() if re.search("Skip|Empty|Force|Destroy", name)}

    assert set(model.losing_data()) == names


def test_the_joined_type_names_what_its_parts_lose_data_by() -> None:
    assert set(MLflowProperties.losing_data()) == {
        "DatabaseSkipFinalSnapshot",
        "ArtifactBucketEmptyOnDelete",
    }
