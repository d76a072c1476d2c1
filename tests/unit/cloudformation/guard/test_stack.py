"""The type by which CloudFormation tells a resource: its own, or that of every custom one."""

from __future__ import annotations

import pytest

from tests.support.cloudformation.protocol_kit import FakeStack, LookedError, World, outcomes, state


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_change_of_a_resource_of_another_type_changes_nothing(
    world: World, request_type: str
) -> None:
    status = f"{request_type.upper()}_IN_PROGRESS"
    world.stack = FakeStack([state(status)], type="Custom::MLflowBucket")
    world.converge = outcomes(LookedError("changed something"))

    world.handle(world.event(request_type))

    assert "the resource is of the type Custom::MLflowBucket" in world.answers.only["Reason"]


def test_cloudformation_may_call_a_custom_resource_by_the_name_of_all(world: World) -> None:
    """It does so in the events of an update's way back, and of what comes after one."""
    any_type = "AWS::CloudFormation::CustomResource"
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], type=any_type)

    world.handle(world.event("Update"))

    assert world.answers.only["Status"] == "SUCCESS"
