"""Faults that are let stand: any check of a property can let its refusal stand."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.values.base import Properties
from tests.support.properties.properties_kit import TYPES


@pytest.mark.parametrize("model", TYPES)
def test_given_any_check_of_a_property_then_its_refusal_may_stand(model: type[Properties]) -> None:
    parts = [field.annotation for field in model.model_fields.values()]
    models = [
        one for one in (model, *parts) if isinstance(one, type) and issubclass(one, Properties)
    ]
    checks = {
        name: found.func
        for one in models
        for name, found in one.__pydantic_decorators__.field_validators.items()
        if found.info.mode == "after"
    }
    assert [name for name, check in checks.items() if not hasattr(check, "__wrapped__")] == []
