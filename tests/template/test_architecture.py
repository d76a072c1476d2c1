"""The pages on the code name files and rooms that are there, in the order of the floors."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.template.provider_template import ROOT
from tools.draw_rooms import FLOORS

PRODUCT = ROOT / "functions" / "cfn_mlflow"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
LOCAL_AWS = ROOT / "docs" / "local-aws.md"
EMULATOR = ROOT / "local" / "emulator"
BESIDE = {
    "architecture.md": [PRODUCT / "types" / "bucket"],
    "CONTRIBUTING.md": [PRODUCT / "types" / "service"],
    "local-aws.md": [EMULATOR, EMULATOR / "cloudformation", EMULATOR / "lambda_"],
}
"""Folders in which each page names files by their last part."""
MADE = (".local/", ".venv")
"""What a run makes, and git ignores."""

PATH = re.compile(r"`((?:\.?[\w-]+/)+(?:[\w.-]+)?|\.?[\w-]+\.(?:py|md|yaml|toml|txt|in|json))`")


def paths(page: Path) -> list[str]:
    """Return every path that a page names between backticks."""
    named = PATH.findall(page.read_text())
    return [path for path in named if not path.startswith(MADE)]


def found(path: str, page: Path) -> bool:
    """Tell whether a path is in the project, in a room, or beside another that the page names."""
    return any((folder / path).exists() for folder in (ROOT, PRODUCT, *BESIDE[page.name]))


def floors_of_the_contract() -> Iterator[set[str]]:
    """Yield the packages of each floor of the import contract, the topmost first."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    for layer in contracts["importlinter:contract:floors"]["layers"].strip().splitlines():
        yield {name.strip() for name in layer.split("|")}


@pytest.mark.parametrize(
    "page", [ARCHITECTURE, LOCAL_AWS, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name
)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    named = paths(page)
    assert len(named) > 20
    assert not [path for path in named if not found(path, page)]


def test_the_page_has_a_line_for_every_room() -> None:
    rooms = {path.name for path in PRODUCT.iterdir() if (path / "__init__.py").exists()}
    told = set(re.findall(r"^\| `(\w+)/`", ARCHITECTURE.read_text(), re.MULTILINE))
    assert rooms <= told


def test_the_picture_has_the_floors_of_the_import_contract() -> None:
    drawn = [{path.removesuffix("/").removesuffix(".py") for path, *_ in floor} for floor in FLOORS]
    drawn = [{name.removesuffix("/<service>") for name in floor} for floor in drawn]
    held = list(floors_of_the_contract())
    assert len(drawn[1:]) == len(held)  # the entry files stand above all packages
    for shown, floor in zip(drawn[1:], held, strict=True):
        assert {name for name in floor if (PRODUCT / name).is_dir()} <= shown <= floor
