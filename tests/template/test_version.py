"""The version stands in pyproject.toml; all that repeats it says the same."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

import cfn_mlflow
from tests.support.template.provider_template import ROOT, template
from tools import version


def test_the_functions_tag_objects_with_the_version() -> None:
    assert cfn_mlflow.__version__ == version.version()


def test_the_application_repository_gets_the_version() -> None:
    application = template()["Metadata"]["AWS::ServerlessRepo::Application"]
    assert application["SemanticVersion"] == version.version()


def test_the_version_is_the_newest_of_the_changelog() -> None:
    headings = re.findall(r"^## \[(.+)\]$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[:2] == ["Unreleased", version.version()]


@pytest.mark.parametrize(("tag", "status"), [("", 0), ("v{}", 0), ("{}", 1), ("v{}1", 1)])
def test_a_tag_of_another_version_is_refused(
    tag: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = tag.format(version.version())
    assert version.main(tag) == status
    said = capsys.readouterr()
    assert said.out == f"{version.version()}\n"
    assert bool(said.err) == (status == 1)
    assert not status or f"The tag {tag} is not" in said.err


def test_a_tag_that_looks_like_a_command_is_text_to_make(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    tag = f"v1$(shell touch {ran})`touch {ran}`"
    done = subprocess.run(
        ["make", "version"],  # noqa: S607 - make is where the machine has it
        cwd=ROOT,
        env={**os.environ, "TAG": tag},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"The tag {tag} is not" in done.stderr
    assert not ran.exists()
