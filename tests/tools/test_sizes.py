"""A room is small enough to be read at once: its files, and how many of them there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.environments import ROOT

MOST_LINES = 300
MOST_MODULES = 12
FOLDERS = ["functions", "local"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_file_is_longer_than_can_be_read_at_once(folder: str) -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in (ROOT / folder).rglob("*.py")}
    assert lengths
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("folder", [*FOLDERS, "tests/support"])
def test_no_folder_holds_more_modules_than_one_question_needs(folder: str) -> None:
    modules: dict[Path, int] = {}
    for file in (ROOT / folder).rglob("*.py"):
        modules[file.parent] = modules.get(file.parent, 0) + 1
    assert {room: count for room, count in modules.items() if count > MOST_MODULES} == {}
