"""Which images are in ECR: by every name that a private registry has."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from cfn_mlflow.aws.ecr.private_images import DUAL_STACK_SUFFIXES, SUFFIXES, repository_arn

PARTITIONS = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
ACCOUNT = "123456789012"


def test_given_the_partitions_of_aws_then_the_hosts_of_each_are_known() -> None:
    outputs = [partition["outputs"] for partition in PARTITIONS["partitions"]]
    assert {one["dnsSuffix"] for one in outputs} == set(SUFFIXES)
    dual_stack = {one["dualStackDnsSuffix"].replace("api.", "on.", 1) for one in outputs}
    assert dual_stack == set(DUAL_STACK_SUFFIXES)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1"),
        ("dkr.ecr-fips.us-east-1.amazonaws.com", "us-east-1"),
        ("dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ("dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
        ("dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
        ("dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
        ("dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1"),
    ],
)
@pytest.mark.parametrize("ends", [":v3.17.2-full", "@sha256:" + "0" * 64])
def test_given_any_host_of_a_registry_then_its_repository_is_found(
    host: str, region: str, ends: str
) -> None:
    image = f"{ACCOUNT}.{host}/team/mlflow{ends}"
    arn = f"arn:aws-x:ecr:{region}:{ACCOUNT}:repository/team/mlflow"
    assert repository_arn("aws-x", image) == arn


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/mlflow/mlflow:v3.17.2-full",
        "public.ecr.aws/docker/library/busybox:1",
        "ecr-public.aws.com/docker/library/busybox:1",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com.example.org/mlflow:1",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.example.org/mlflow:1",
        f"{ACCOUNT}.dkr-ecr.eu-west-1.amazonaws.com/mlflow:1",
        f"x{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/mlflow:1",
    ],
)
def test_given_another_host_then_it_is_no_repository_of_ecr(image: str) -> None:
    assert repository_arn("aws", image) is None
