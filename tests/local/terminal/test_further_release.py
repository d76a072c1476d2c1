"""Further MLflow releases: what is no release, or has no pins, is said with what to do."""

from __future__ import annotations

import re

import pytest

from local import environments, further_release
from local.environments import ROOT, EnvironmentFailedError


def test_a_word_that_is_no_release_is_refused_with_one_that_is() -> None:
    with pytest.raises(EnvironmentFailedError, match=r"'newest' is no release of MLflow"):
        further_release.pin("newest", print)


def test_a_release_with_pins_needs_nothing() -> None:
    told: list[str] = []
    further_release.pin(environments.MLFLOW_VERSION, told.append)
    assert told == []


def test_a_release_without_pins_is_refused_with_the_command_that_adds_it() -> None:
    with pytest.raises(EnvironmentFailedError, match=r"`python -m local image 0\.0\.1` adds it"):
        environments.image("0.0.1")


def test_releases_are_told_in_the_order_of_their_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("images")
    for release in ("3.10.0", "3.9.1", "3.10.0rc1"):
        (folder / f"{release}.lock").touch()
    monkeypatch.setattr(environments, "_IMAGES", (folder,))
    assert environments.releases() == ["3.9.1", "3.10.0", "3.10.0rc1"]


def test_the_page_names_no_release_that_the_local_aws_has_not() -> None:
    page = (ROOT / "docs" / "local-aws.md").read_text()
    pinned = {path.stem for path in (ROOT / "local" / "images").glob("*.lock")}
    named = set(re.findall(r"\b[0-9]\.[0-9]+\.[0-9]+\b", page))
    assert named
    assert named <= pinned
