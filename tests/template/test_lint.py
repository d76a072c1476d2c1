"""The linter with our rules: clean over what we show, and it finds what is wrong."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.core import get_rules

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"

_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_HEADING = "AWSTemplateFormatVersion: '2010-09-09'\n"


@functools.cache
def _rules() -> Any:
    return get_rules([str(ROOT / "cfn_lint_rules")], [], [])


def _found(template: str) -> list[str]:
    """Return what the linter says of a template: rule, path, words."""
    matches = lint(template, rules=_rules(), regions=["us-east-1"])
    return sorted(f"{m.rule.id} {'/'.join(map(str, m.path))} {m.message}" for m in matches)


def _doc_examples() -> dict[str, str]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return {
        f"{page.relative_to(ROOT)}-{number}": _HEADING + block
        for page in pages
        for number, block in enumerate(_YAML.findall(page.read_text()))
        if "Resources:" in block
    }


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.yaml")), ids=lambda p: p.name)
def test_given_an_example_then_the_linter_finds_nothing(path: Path) -> None:
    assert _found(path.read_text()) == []


@pytest.mark.parametrize("name", _doc_examples())
def test_given_an_example_of_the_docs_then_the_linter_finds_nothing(name: str) -> None:
    assert _found(_doc_examples()[name]) == []


def test_given_the_docs_then_each_type_has_an_example_there() -> None:
    shown = {name.rsplit("-", 1)[0] for name in _doc_examples()}
    types = (ROOT / "docs" / "types").glob("*.md")
    assert {str(page.relative_to(ROOT)) for page in types} <= shown


@pytest.mark.parametrize("path", sorted((FIXTURES / "good").glob("*.yaml")), ids=lambda p: p.stem)
def test_given_what_cloudformation_makes_right_then_the_linter_finds_nothing(path: Path) -> None:
    assert _found(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((FIXTURES / "bad").glob("*.yaml")), ids=lambda p: p.stem)
def test_given_a_mistake_then_the_linter_points_at_it(path: Path) -> None:
    expected = sorted(re.findall(r"^# expect: (\S+ \S+)$", path.read_text(), re.MULTILINE))
    assert expected
    assert [" ".join(line.split(" ", 2)[:2]) for line in _found(path.read_text())] == expected


@pytest.mark.parametrize("path", sorted((FIXTURES / "bad").glob("*.yaml")), ids=lambda p: p.stem)
def test_given_a_mistake_then_the_linter_tells_it_in_the_providers_words(path: Path) -> None:
    found = "\n".join(_found(path.read_text()))
    for words in re.findall(r"^# words: (.+)$", path.read_text(), re.MULTILINE):
        assert words in found
    assert "does not match" not in found, "a pattern is no explanation"
    assert "valid under" not in found, "a schema is no explanation"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [([], 0, ""), ([str(FIXTURES / "bad" / "misspelt-property.yaml")], 2, "E9400")],
)
def test_given_the_repositorys_own_settings_then_the_command_uses_our_rules(
    arguments: list[str], status: int, said: str
) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert ended.returncode == status, ended.stdout + ended.stderr
    assert said in ended.stdout
