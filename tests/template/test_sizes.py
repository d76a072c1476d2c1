"""Files of one subject, and folders that can be read at a glance."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.template.provider_template import ROOT

MOST_LINES = 300
MOST_MODULES = 12


def files(folder: str) -> list[Path]:
    """Return the Python files of a folder of the project, at any depth."""
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", ["functions", "local"])
def test_no_file_of_code_has_more_than_300_lines(folder: str) -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in files(folder)}
    assert lengths
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("folder", ["functions", "local"])
def test_no_folder_of_code_has_more_than_12_modules(folder: str) -> None:
    modules = [path.parent for path in files(folder) if path.name != "__init__.py"]
    counts = {str(parent): modules.count(parent) for parent in modules}
    assert {parent: count for parent, count in counts.items() if count > MOST_MODULES} == {}
