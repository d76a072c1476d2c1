"""Which MLflow: a tag of the official image, or any other image."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import SCHEMA, SERVICE, faults

DIGEST = "@sha256:" + "0" * 64


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
