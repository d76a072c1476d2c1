"""The provider is updated in place: no resource with a name of its own is ever made anew."""

from __future__ import annotations

from tests.support.template.created_once import created_once, recorded


def test_no_resource_has_another_value_of_what_cloudformation_sets_once() -> None:
    found, first = created_once(), recorded()
    changed = {name for name in found if name in first and found[name] != first[name]}
    assert not changed, "CloudFormation would make these anew, whose names are taken"


def test_every_resource_is_written_down_for_the_next_update() -> None:
    missing = created_once().keys() - recorded().keys()
    assert not missing, "run: python -m tests.support.template.created_once"
