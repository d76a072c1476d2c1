"""The names of Custom::MLflow's properties, each written out beside its part's."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest
from pydantic.alias_generators import to_pascal

from cfn_mlflow import types
from cfn_mlflow.types.mlflow.names import NAMES
from cfn_mlflow.types.mlflow.properties import PARTS, MLflowProperties, joined_fields
from tests.support.properties.properties_kit import TYPES

TYPES_ROOM = Path(types.__file__).parent
PLACES = {
    "the service": ("service/**/*.py", "common/image.py"),
    "the database": ("database/**/*.py",),
    "the bucket": ("bucket/**/*.py",),
}
SPOKEN_OF = re.compile(r"\{([A-Z][a-z]\w*)\}")


@pytest.mark.parametrize("part", PARTS)
def test_given_a_part_then_each_of_its_properties_has_one_line_in_its_order(part: str) -> None:
    assert tuple(NAMES[part].values()) == PARTS[part].property_names()


def test_given_the_parts_then_they_share_three_names_and_no_other() -> None:
    names = list(chain.from_iterable(NAMES.values()))
    assert {name for name in names if names.count(name) > 1} == {"UniqueName", "Tags", "VpcId"}
    assert set(names) == set(joined_fields())


@pytest.mark.parametrize(("part", "places"), PLACES.items())
def test_given_a_message_that_speaks_of_a_property_then_that_has_a_joined_name(
    part: str, places: tuple[str, ...]
) -> None:
    files = chain.from_iterable(TYPES_ROOM.glob(place) for place in places)
    spoken = {name for file in files for name in SPOKEN_OF.findall(file.read_text())}
    assert spoken
    assert spoken <= {*NAMES[part].values()}


def test_given_any_model_then_a_field_is_named_like_the_property_that_it_holds() -> None:
    """Faults that are let stand are known again by that."""
    for model in {*TYPES, *PARTS.values()} - {MLflowProperties}:
        for name, field in model.model_fields.items():
            assert field.alias == to_pascal(name)
