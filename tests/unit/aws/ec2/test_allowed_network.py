"""A VPC and a security group that a property names."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.ec2.allowed_network import AllowedSecurityGroup, AllowedVpc
from tests.support.objects.service_kit import owner
from tests.support.properties import named_things as things
from tests.support.properties.refusals import faults

pytestmark = pytest.mark.usefixtures("aws")


@pytest.mark.parametrize(
    ("listed", "passes"), [("", True), ("vpc-1", True), ("vpc-2,vpc-1", True), ("vpc-2", False)]
)
def test_vpc_is_any_unless_the_parameter_lists_others(
    monkeypatch: pytest.MonkeyPatch, listed: str, passes: bool
) -> None:
    monkeypatch.setenv("ALLOWED_VPC_IDS", listed)
    assert (faults(AllowedVpc(owner(), "VpcId", "vpc-1")) == ()) == passes


def test_security_group_is_taken_only_by_the_tags_that_it_has_itself(vpc: dict[str, Any]) -> None:
    allowed = things.group("allowed", vpc["VpcId"])
    bare = things.group("bare", vpc["VpcId"], {})
    assert faults(AllowedSecurityGroup(owner(), "GroupId", allowed)) == ()
    [fault] = faults(AllowedSecurityGroup(owner(), "GroupId", bare))
    assert fault.startswith(f"GroupId: {bare} is not allowed to be used by this stack")
