"""Which property was meant by a name that nobody knows."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from tests.support.properties.properties_kit import JOINED, faults


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ServiceCpus", "ServiceCpu"),
        ("serviceCpu", "ServiceCpu"),
        ("service_cpu", "ServiceCpu"),
        ("SubnetID", "SubnetIds"),
        ("artifact_bucket_id", "ArtifactBucketId"),
        ("LoadBalancerIngressCidrBlock", "LoadBalancerIngressCidrBlocks"),
        ("UniqeName", "UniqueName"),
    ],
)
def test_given_a_misspelt_property_then_the_one_that_was_meant_is_named(
    written: str, meant: str
) -> None:
    told = faults(MLflowProperties, {**JOINED, written: "1"})
    assert told == (f"{written}: no such property; did you mean {meant}?",)


def test_given_a_property_like_no_other_then_none_is_guessed() -> None:
    assert faults(BucketProperties, {"Wxyz": "1"}) == ("Wxyz: no such property",)
