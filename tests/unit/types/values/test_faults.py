"""From pydantic's errors to sentences: each fault once, at its place, the worst first."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import parse
from cfn_mlflow.types.values.faults import NAME_CHARACTERS
from tests.support.properties.properties_kit import JOINED, faults


def test_name_that_nobody_knows_is_told_only_so_far() -> None:
    [fault] = faults(BucketProperties, {"x" * 500: "1"})
    assert fault.startswith("x" * NAME_CHARACTERS + ": no such property")
    assert "x" * (NAME_CHARACTERS + 1) not in fault


def test_fault_inside_a_list_is_told_with_its_place() -> None:
    blocks = ["10.0.0.0/8", "10.0.0.1/8"]
    [fault] = faults(MLflowProperties, {**JOINED, "LoadBalancerIngressCidrBlocks": blocks})
    assert fault.startswith("LoadBalancerIngressCidrBlocks[1]: must be an IPv4 CIDR block")


def test_list_whose_items_are_wrong_is_not_said_to_be_too_short_as_well() -> None:
    asked: dict[str, Any] = {"VpcId": "vpc-1", "SubnetIds": ["subnet-a", "no subnet"]}
    [fault] = faults(DatabaseProperties, asked)
    assert fault.startswith("SubnetIds[1]: must")


def test_other_property_in_a_fault_is_spelled_as_the_user_wrote_it() -> None:
    [fault] = faults(MLflowProperties, {**JOINED, "ServiceCpu": "256", "ServiceMemory": "4096"})
    assert fault.startswith("ServiceMemory: must be 1024 or 2048 MiB with ServiceCpu 256")


def test_given_three_mistakes_then_all_three_are_in_one_answer() -> None:
    wrong = JOINED | {"ServiceCpus": "1", "ServiceMemory": "300", "DatabaseMinCapacity": "9"}
    with pytest.raises(InvalidProperties) as refused:
        parse(MLflowProperties, wrong)
    assert str(refused.value) == "; ".join(refused.value.faults)
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        "ServiceCpus",
        "ServiceMemory",
        "DatabaseMaxCapacity",
    ]


def test_given_missing_unknown_and_wrong_properties_then_they_come_in_that_order() -> None:
    told = faults(DatabaseProperties, {"AutoPause": "maybe", "Nonsense": "1", "VpcId": "vpc-1"})
    assert [fault.split(":")[0] for fault in told] == ["SubnetIds", "Nonsense", "AutoPause"]
