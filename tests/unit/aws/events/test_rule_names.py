"""The names of rules and alias, by which the template's policies know them."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.events.rule_names import OPERATOR, ROTATION_RULE, SCHEMA_RULE, rule_name
from tests.support.objects.service_kit import owner
from tests.support.template.provider_template import ROOT

TEMPLATE = (ROOT / "template.yaml").read_text()


@pytest.mark.parametrize("part", [ROTATION_RULE, SCHEMA_RULE])
def test_rules_name_of_any_prefix_fits_and_is_one_that_the_policies_admit(part: str) -> None:
    whose = owner(prefix="a" * 80)
    name = rule_name(whose, part)
    assert len(name) == 64
    assert name.endswith(f"-{part}-{whose.digest}")
    assert f"rule/*-{part}-${{!aws:PrincipalTag/cfn-mlflow:digest}}" in TEMPLATE


@pytest.mark.parametrize("function", ["MLflowSchema", "Rotation"])
def test_rules_may_invoke_a_function_by_the_operators_alias_alone(function: str) -> None:
    assert f"function:${{ProviderName}}-{function}:{OPERATOR}" in TEMPLATE
