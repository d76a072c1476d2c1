"""Custom::MLflowService and the image that it shares with Custom::MLflowSchema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.service.tasks.fargate import FARGATE_MEMORY
from cfn_mlflow.types.values.base import parse
from tests.properties_kit import SCHEMA, SERVICE, faults

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


@given(st.sampled_from(list(FARGATE_MEMORY)), st.integers(2, 250).map(lambda gib: gib * 512))
def test_given_a_size_then_it_is_taken_only_if_fargate_has_it(cpu: int, memory: int) -> None:
    told = faults(ServiceProperties, SERVICE | {"Cpu": str(cpu), "Memory": str(memory)})
    assert bool(told) == (memory not in FARGATE_MEMORY[cpu])
    assert all(fault.startswith("Memory: must be ") for fault in told)


def test_given_the_bounds_of_memory_then_each_is_a_size_that_is_taken() -> None:
    schema = ServiceProperties.model_json_schema()["properties"]["Memory"]
    for cpu, memory in ((256, schema["minimum"]), (32_768, schema["maximum"])):
        assert not faults(ServiceProperties, SERVICE | {"Cpu": str(cpu), "Memory": str(memory)})


@pytest.mark.parametrize(
    ("cpu", "memory", "workers"),
    [("256", "1024", 1), ("1024", "2048", 1), ("2048", "4096", 2), ("16384", "32768", 4)],
)
def test_given_a_size_then_the_workers_go_with_its_cpus(
    cpu: str, memory: str, workers: int
) -> None:
    sized = SERVICE | {"Cpu": cpu, "Memory": memory}
    assert parse(ServiceProperties, sized).workers == workers
    assert parse(ServiceProperties, sized | {"Workers": "2"}).workers == 2


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


@pytest.mark.parametrize(
    "image",
    [
        {"ImageTag": "v3.14.0-full"},
        {"Image": "registry.example.com/mlflow/mlflow:v3.9.0-full"},
        {"Image": "ghcr.io/mlflow/mlflow" + DIGEST},
        {},
    ],
)
def test_given_an_image_that_can_ask_for_a_password_then_it_may(image: dict[str, str]) -> None:
    assert parse(ServiceProperties, SERVICE | image | {"BasicAuth": "true"}).basic_auth is True


@pytest.mark.parametrize("days", ["2", "91", "0", "3654"])
def test_given_days_that_cloudwatch_does_not_take_then_those_it_does_are_named(days: str) -> None:
    (told,) = faults(ServiceProperties, SERVICE | {"LogRetentionInDays": days})
    assert told.startswith("LogRetentionInDays: must be one of 1, 3, 5, 7, 14, 30, 60, 90, ")


@pytest.mark.parametrize(
    "tag", ["3.17.2", "v3.17.2", "latest", "latest-full", "v3.17-full", "3.17.2-full"]
)
def test_given_a_tag_of_another_form_then_the_right_form_is_shown(tag: str) -> None:
    (told,) = faults(SchemaProperties, SCHEMA | {"ImageTag": tag})
    assert told.endswith("such as v3.17.2-full")


def test_given_an_image_tag_with_a_digest_then_that_very_image_runs() -> None:
    asked = parse(SchemaProperties, SCHEMA | {"ImageTag": "v3.17.2-full" + DIGEST})
    assert asked.image_uri == "ghcr.io/mlflow/mlflow:v3.17.2-full" + DIGEST


def test_given_a_digest_that_is_cut_off_then_the_tag_is_refused_with_what_is_wanted() -> None:
    (told,) = faults(SchemaProperties, SCHEMA | {"ImageTag": "v3.17.2-full" + DIGEST[:-1]})
    assert "with @sha256: and 64 hexadecimal digits behind it" in told


def test_given_a_release_before_the_first_full_image_then_that_is_said() -> None:
    (told,) = faults(SchemaProperties, SCHEMA | {"ImageTag": "v3.8.1-full"})
    assert told == "ImageTag: 3.9.0 is the first with a -full image; give another by its URI"


@pytest.mark.parametrize(
    "image",
    [
        "mlflow:1",
        "localhost:5000/mlflow:v3.17.2",
        "ghcr.io/mlflow/mlflow:v3.17.2-full",
        "ghcr.io/mlflow/mlflow:v3.17.2-full" + DIGEST,
        "registry.example.com:8443/a/b/c" + DIGEST,
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team_a/ml-flow:3",
    ],
)
def test_given_an_image_with_a_tag_or_a_digest_then_that_is_what_runs(image: str) -> None:
    assert parse(SchemaProperties, SCHEMA | {"Image": image}).image_uri == image


@pytest.mark.parametrize(
    "image",
    [
        "mlflow",
        "ghcr.io/mlflow/mlflow",
        "localhost:5000/mlflow",
        "https://ghcr.io/mlflow/mlflow:v3.17.2",
        "ghcr.io/mlflow/mlflow:",
        "ghcr.io/mlflow/mlflow@sha256:123",
        "ghcr.io/MLflow/mlflow:1 ",
    ],
)
def test_given_an_image_that_is_not_fixed_or_no_image_then_it_is_refused(image: str) -> None:
    (told,) = faults(SchemaProperties, SCHEMA | {"Image": image})
    assert told.startswith("Image: must ")
