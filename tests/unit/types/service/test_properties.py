"""Custom::MLflowService: its defaults, and what cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import SERVICE, faults

DIGEST = "@sha256:" + "0" * 64


def test_given_the_required_properties_then_the_modules_defaults() -> None:
    service = parse(ServiceProperties, SERVICE)
    assert (service.cpu, service.memory, service.workers) == (2048, 4096, 2)
    assert (service.min_capacity, service.max_capacity, service.cpu_target) == (2, 2, 70)
    assert service.log_retention_in_days == 90
    assert service.load_balancer_is_internal is True
    assert service.image_uri == "ghcr.io/mlflow/mlflow:v3.17.2-full"
    assert (service.database_port, service.database_name) == (5432, "mlflow")
    assert service.gunicorn_opts == service.uvicorn_opts == ""


@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        (
            {"Cpu": "2000"},
            "Cpu: must be one of 256, 512, 1024, 2048, 4096, 8192, 16384, 32768",
        ),
        (
            {"Cpu": "256", "Memory": "4096"},
            "Memory: must be 1024 or 2048 MiB with Cpu 256, a size that Fargate has",
        ),
        (
            {"Memory": "2048"},
            "Memory: must be 4096 to 16384 in steps of 1024 MiB with Cpu 2048, a size that",
        ),
        ({"MinCapacity": "3"}, "MaxCapacity: 2 is less than MinCapacity, 3"),
        (
            {"GunicornOpts": "--timeout 1", "UvicornOpts": "--workers 1"},
            "UvicornOpts: give this or GunicornOpts: MLflow runs on one server",
        ),
        ({"GunicornOpts": "a\nb"}, "GunicornOpts: must be at most 1024 printable ASCII characters"),
        ({"LoadBalancerSubnetIds": ["subnet-a"]}, "LoadBalancerSubnetIds: needs at least 2"),
        (
            {"LoadBalancerIngressCidrBlocks": ["10.0.0.0/8", "10.0.0.1/8"]},
            "LoadBalancerIngressCidrBlocks[1]: must be an IPv4 CIDR block such as 10.0.0.0/8,"
            " no host bits set",
        ),
        (
            {"ArtifactBucketsMlflowWillRead": "arn:aws:s3:::a"},
            "ArtifactBucketsMlflowWillRead: must",
        ),
        (
            {"Cpu": "256", "Memory": "1024", "Workers": "3"},
            "Workers: 3 of them need 1125 MiB, and Memory leaves 1024 to MLflow: raise that, or"
            " lower this",
        ),
        (
            {"Cpu": "256", "Memory": "512"},
            "Memory: must be 1024 to 249856",
        ),
        (
            {"Workers": "14"},
            "Workers: 14 of them need 4150 MiB, and Memory leaves 4096 to MLflow",
        ),
        (
            {"SidecarContainerDefinitions": [{"Name": "a", "Image": "a:1", "Memory": 3500}]},
            "Workers: 2 of them need 850 MiB, and Memory leaves 596 to MLflow",
        ),
        (
            {"BasicAuth": "true", "ImageTag": "v3.13.1-full"},
            "BasicAuth: the official image v3.13.1-full lacks Flask-WTF, which that needs: 3.14.0"
            " is the first with it",
        ),
        (
            {"BasicAuth": "true", "Image": "ghcr.io/mlflow/mlflow:v3.9.0-full" + DIGEST},
            "BasicAuth: the official image v3.9.0-full lacks Flask-WTF",
        ),
        (
            {"ImageTag": "v3.17.2-full", "Image": "example.com/mlflow:1"},
            "Image: give this or ImageTag, not both",
        ),
    ],
)
def test_given_what_cannot_work_then_it_is_refused_before_any_call(
    properties: dict[str, Any], fault: str
) -> None:
    (told,) = faults(ServiceProperties, SERVICE | properties)
    assert told.startswith(fault)
