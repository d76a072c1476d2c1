"""An image that a property names: where the provider's parameter lets it lie."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.ecr.allowed_image import AllowedImage
from tests.support.objects.service_kit import owner
from tests.support.properties.refusals import faults

pytestmark = pytest.mark.usefixtures("aws")


@pytest.mark.parametrize(
    ("image", "listed", "passes"),
    [
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "ghcr.io/", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "ghcr.io/mlflow/", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "registry.example/, ghcr.io/mlflow/", True),
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "ghcr.io/mlflow/mlflow", True),
        (f"ghcr.io/mlflow/mlflow@sha256:{'0' * 64}", "ghcr.io/mlflow/mlflow", True),
        (f"ghcr.io/mlflow/mlflow:v1@sha256:{'0' * 64}", "ghcr.io/mlflow/mlflow", True),
        ("ghcr.io/mlflow/mlflow-evil:v3", "ghcr.io/mlflow/mlflow", False),
        ("ghcr.io/mlflow-evil/mlflow:v3", "ghcr.io/mlflow", False),
        ("ghcr.io/mlflow/mlflow:v3", "ghcr.io/mlflow", False),
        ("ghcr.io.evil.example/mlflow:v3", "ghcr.io", False),
        ("ghcr.io:5000/mlflow/mlflow:v3", "ghcr.io/,ghcr.io", False),
        ("registry.example:5000/team/a:v3", "registry.example:5000/team/", True),
        ("registry.example:5000/team/a:v3", "registry.example:5000/team/a", True),
        ("registry.example:5001/team/a:v3", "registry.example:5000/team/", False),
        ("nginx:1", "nginx", True),
        ("nginx-evil:1", "nginx", False),
        ("evil.example/ghcr.io/mlflow/a:1", "ghcr.io/mlflow/", False),
    ],
)
def test_image_is_any_unless_the_parameter_lists_where_others_lie(
    monkeypatch: pytest.MonkeyPatch, image: str, listed: str, passes: bool
) -> None:
    monkeypatch.setenv("ALLOWED_IMAGE_PREFIXES", listed)
    assert (faults(AllowedImage(owner(), "Image", image)) == ()) == passes
