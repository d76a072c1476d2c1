"""Lock files: what is installed is what the requirements files pin, and nothing without a hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.environments import ROOT
from local.install import locks
from tools import make_locks
from tools.make_locks import REQUIREMENTS

HOST = re.compile(r"https?://|--(extra-)?index-url|--find-links")


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_file_holds_the_pins_of_its_requirements_file_and_no_other(
    requirements: Path,
) -> None:
    assert locks.pins(locks.beside(requirements)) == locks.pins(requirements)


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_package_of_a_lock_file_has_hashes_and_names_no_index(requirements: Path) -> None:
    text = locks.beside(requirements).read_text()
    packages = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(packages) == len(locks.pins(requirements))
    assert not [package for package in packages if "--hash=sha256:" not in package]
    assert not HOST.search(text)


def test_every_requirements_file_of_the_project_has_a_lock_file() -> None:
    files = [
        *ROOT.glob("local/**/*.txt"),
        *ROOT.glob("tests/other_tools/*.txt"),
        *ROOT.glob("tools/*.txt"),
    ]
    known = {path for path in files if "==" in path.read_text()}
    others = {ROOT / "requirements.txt", ROOT / "functions" / "requirements.in"}
    assert known | others == set(REQUIREMENTS)


def test_what_sam_packs_is_refused_without_a_hash_by_pip_and_by_uv() -> None:
    assert (ROOT / "functions" / "requirements.txt").read_text().startswith("--require-hashes\n")


def test_pins_count_those_of_an_included_file_whatever_way_a_name_is_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "more.txt").write_text("PyYAML==6.0.3\n")
    (tmp_path / "all.txt").write_text("# kept\n-r more.txt\naws_lambda.powertools==3.37.0\n")
    found = locks.pins(tmp_path / "all.txt")
    assert found == {"pyyaml": "6.0.3", "aws-lambda-powertools": "3.37.0"}


def test_a_lock_file_that_cannot_be_written_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("a-package-that-nobody-has==1.0\n")
    monkeypatch.setattr(make_locks, "REQUIREMENTS", (requirements,))
    monkeypatch.setattr("sys.argv", ["make_locks"])
    for name, value in {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)

    assert make_locks.main() == 1

    assert "a-package-that-nobody-has" in capsys.readouterr().err
