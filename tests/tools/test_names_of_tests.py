"""A test's name is read in one line: its subject, the condition, the outcome."""

from __future__ import annotations

import ast
from pathlib import Path

from local.environments import ROOT

MOST_CHARACTERS = 80


def names_in(path: Path) -> list[str]:
    """Return the names of the tests in a file."""
    functions = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef))
    return [function.name for function in functions if function.name.startswith("test_")]


def test_name_of_each_test_is_short_enough_for_a_line() -> None:
    names = {name for path in (ROOT / "tests").rglob("test_*.py") for name in names_in(path)}
    assert len(names) > 1000
    assert sorted(name for name in names if len(name) > MOST_CHARACTERS) == []
