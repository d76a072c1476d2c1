"""What is known of MLflow's releases: images, versions, heads, their order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfn_mlflow import releases

DIGEST = "@sha256:" + "0" * 64
VERSIONS = json.loads((Path(releases.__file__).parent / "versions.json").read_text())


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("ghcr.io/mlflow/mlflow:v3.17.2-full", "3.17.2"),
        ("ghcr.io/mlflow/mlflow:v3.17.2", "3.17.2"),
        ("localhost:5000/copies/mlflow:3.17.2", "3.17.2"),
        (f"registry.example.com:8443/mlflow:v2.22.0-full{DIGEST}", "2.22.0"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlflow:v3.9.0-ours.4", "3.9.0"),
        ("mlflow:v3.17.2", "3.17.2"),
        ("ghcr.io/mlflow/mlflow:latest", None),
        ("ghcr.io/mlflow/mlflow:latest-full", None),
        ("ghcr.io/mlflow/mlflow:v3.18.0rc1", None),
        (f"localhost:5000/mlflow{DIGEST}", None),
        ("localhost:5000/mlflow", None),
        ("ghcr.io/mlflow/mlflow", None),
        ("", None),
    ],
)
def test_an_images_tag_names_its_version_or_none(image: str, version: str | None) -> None:
    assert releases.version_of(image) == version


@pytest.mark.parametrize(
    ("version", "head"),
    [
        ("1.30.1", "97727af70f4d"),
        ("2.0.1", "97727af70f4d"),
        ("2.13.0", "867495a8f9d4"),
        ("2.13.1", "5b0e9adcef9c"),
        ("2.22.2", "0584bdc529eb"),
        ("3.1.0", "6953534de441"),
        ("3.1.4", "bda7b8c39065"),
        ("3.17.2", "dc11669786a5"),
        ("3.18.0", "f4a9b2c7d1e6"),
    ],
)
def test_a_version_has_its_head(version: str, head: str) -> None:
    assert releases.head_of(version) == head


def test_a_patch_between_two_that_agree_is_as_they_are() -> None:
    assert "3.17.1" not in VERSIONS
    assert releases.head_of("3.17.1") == releases.head_of("3.17.0") == "dc11669786a5"


def test_a_version_beyond_what_is_known_has_no_head() -> None:
    for version in ("3.17.9", "3.99.0", "4.0.0", "1.27.0", "0.9.0", "3.18.0rc1", "latest"):
        assert releases.head_of(version) is None


def test_basic_auth_has_a_head_of_its_own_since_it_exists() -> None:
    assert releases.auth_head_of("3.18.0") == "f1a2b3c4d5e6"
    assert releases.auth_head_of("2.0.1") is None


def test_revisions_are_ordered_by_the_chain_and_not_by_version() -> None:
    assert releases.compare("0584bdc529eb", "dc11669786a5") == "behind"
    assert releases.compare("f4a9b2c7d1e6", "dc11669786a5") == "ahead"
    assert releases.compare("dc11669786a5", "dc11669786a5") == "current"
    older, newer = releases.head_of("3.1.0"), releases.head_of("3.0.1")
    assert releases.compare(newer or "", older or "") == "ahead"


def test_a_revision_that_no_release_has_is_unknown_unless_it_is_the_expected_one() -> None:
    assert releases.compare("ffffffffffff", "dc11669786a5") == "unknown"
    assert releases.compare("dc11669786a5", "ffffffffffff") == "unknown"
    assert releases.compare("ffffffffffff", "ffffffffffff") == "current"


def test_the_lowest_version_that_knows_a_revision_is_found() -> None:
    assert releases.first_version_with("97727af70f4d") == "1.29.0"
    assert releases.first_version_with("e7d1f4b2a9c6") == "3.18.0"
    assert releases.first_version_with("ffffffffffff") is None


def test_the_data_stays_small() -> None:
    folder = Path(releases.__file__).parent
    assert sum(file.stat().st_size for file in folder.glob("*.json")) < 100_000
