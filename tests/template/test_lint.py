"""The linter with our rules: clean over what we show, and it finds what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint

ROOT = Path(__file__).parents[2]
FIXTURES = Path(__file__).parent / "fixtures"

_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_HEADING = "AWSTemplateFormatVersion: '2010-09-09'\n"


def _found(template: str) -> list[str]:
    """Return what the linter says of a template: rule, path, words."""
    matches = lint(
        template,
        config=ManualArgs(regions=["us-east-1"], append_rules=[str(ROOT / "cfn_lint_rules")]),
    )
    return sorted(f"{m.rule.id} {'/'.join(map(str, m.path))} {m.message}" for m in matches)


def _doc_examples() -> dict[str, str]:
    return {
        f"{page.name}-{number}": _HEADING + block
        for page in sorted((ROOT / "docs" / "types").glob("*.md"))
        for number, block in enumerate(_YAML.findall(page.read_text()))
        if "Resources:" in block
    }


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_given_an_example_then_the_linter_finds_nothing(path: Path) -> None:
    assert _found(path.read_text()) == []


@pytest.mark.parametrize("name", _doc_examples())
def test_given_an_example_of_the_docs_then_the_linter_finds_nothing(name: str) -> None:
    assert _found(_doc_examples()[name]) == []


def test_given_the_docs_then_each_type_has_an_example_there() -> None:
    assert {name.rsplit("-", 1)[0] for name in _doc_examples()} == {
        page.name for page in (ROOT / "docs" / "types").glob("*.md")
    }


@pytest.mark.parametrize("path", sorted((FIXTURES / "good").glob("*.yaml")), ids=lambda p: p.stem)
def test_given_what_cloudformation_makes_right_then_the_linter_finds_nothing(path: Path) -> None:
    assert _found(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((FIXTURES / "bad").glob("*.yaml")), ids=lambda p: p.stem)
def test_given_a_mistake_then_the_linter_points_at_it(path: Path) -> None:
    expected = sorted(re.findall(r"^# expect: (\S+ \S+)$", path.read_text(), re.MULTILINE))
    assert expected
    assert [" ".join(line.split(" ", 2)[:2]) for line in _found(path.read_text())] == expected


def test_given_a_misspelt_property_then_the_linter_says_what_was_meant() -> None:
    found = _found((FIXTURES / "bad" / "misspelt-property.yaml").read_text())
    assert "Did you mean 'ServiceCpu'?" in found[0]
