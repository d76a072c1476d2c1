"""Modules on the shelf: not in `sys.modules` until they are imported, then there at once."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from local.emulator.warm.shelf import Shelf

NEEDS = {
    "market": [],
    "market.fruit": ["market", "market.scales"],
    "market.scales": ["market"],
    "market.fish": ["market"],
}


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The modules of a package, imported; what is left of them goes at the end."""
    package = tmp_path / "market"
    package.mkdir()
    for name in ("__init__", "scales", "fish"):
        (package / f"{name}.py").touch()
    (package / "fruit.py").write_text("import market.scales\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield {name: importlib.import_module(name) for name in NEEDS}
    for name in NEEDS:
        sys.modules.pop(name, None)


@pytest.fixture
def shelf(loaded: dict[str, ModuleType]) -> Iterator[Shelf]:
    finder = Shelf(list(loaded), NEEDS, lambda: None)
    sys.meta_path.insert(0, finder)
    yield finder
    sys.meta_path.remove(finder)


@pytest.mark.usefixtures("shelf")
def test_a_module_on_the_shelf_is_not_imported_yet(loaded: dict[str, ModuleType]) -> None:
    assert not set(NEEDS) & set(sys.modules)
    assert not hasattr(loaded["market"], "fruit")


@pytest.mark.usefixtures("shelf")
def test_an_import_takes_the_module_with_what_it_needs_and_no_other(
    loaded: dict[str, ModuleType],
) -> None:
    fruit = importlib.import_module("market.fruit")
    assert fruit is loaded["market.fruit"]
    assert set(NEEDS) & set(sys.modules) == {"market", "market.fruit", "market.scales"}
    assert loaded["market"].scales is loaded["market.scales"]
    assert not hasattr(loaded["market"], "fish")


@pytest.mark.usefixtures("shelf")
def test_a_module_keeps_its_own_spec(loaded: dict[str, ModuleType]) -> None:
    own = loaded["market.fish"].__spec__
    asked = importlib.util.find_spec("market.fish")
    assert asked is not None
    assert own is not None
    assert asked.origin == own.origin
    assert importlib.import_module("market.fish").__spec__ is own


def test_the_first_import_fails_when_the_check_speaks_against_it(
    loaded: dict[str, ModuleType],
) -> None:
    def refuse() -> None:
        raise ImportError("changed")

    finder = Shelf(list(loaded), NEEDS, refuse)
    sys.meta_path.insert(0, finder)
    try:
        with pytest.raises(ImportError, match="changed"):
            importlib.import_module("market.fish")
    finally:
        sys.meta_path.remove(finder)
