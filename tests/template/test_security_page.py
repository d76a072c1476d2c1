"""What docs/security.md names is there: each threat has its test, or a reason why it is left."""

from __future__ import annotations

import ast
import json
import re
from functools import cache

import pytest

from tests.support.template.provider_template import ROOT, template

PAGE = (ROOT / "docs" / "security.md").read_text()
SHOWN = re.findall(r"\[`(\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", PAGE)


@cache
def names_in(path: str) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text())
    names = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {name for name in names if name.startswith("test_")}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


@pytest.mark.parametrize(("test", "path"), SHOWN, ids=[name for name, _ in SHOWN])
def test_every_test_that_the_page_names_is_there(test: str, path: str) -> None:
    assert test in names_in(path)


def test_every_threat_has_what_stands_against_it_and_a_test() -> None:
    threats = rows("threat")
    assert len(threats) > 10
    for threat, against, shown in threats:
        assert threat
        assert against
        assert re.search(r"\(\.\./tests/", shown), threat


def test_each_known_risk_has_its_reason() -> None:
    risks = rows("known risk")
    assert risks
    assert all(len(row) == 2 and row[1] for row in risks)


def test_every_policy_that_the_page_shows_is_json() -> None:
    shown = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert len(shown) == 2
    assert all(json.loads(one)["Effect"] == "Allow" for one in shown)


def test_every_parameter_and_function_that_the_page_names_is_the_templates() -> None:
    named = set(re.findall(r"`((?:Allowed|Function|LastWord|Kms|Alarm)[A-Z]\w+)[`:]", PAGE))
    assert named
    assert named <= set(template()["Parameters"])


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md"])
def test_the_page_is_found_from(page: str) -> None:
    assert "(docs/security.md)" in (ROOT / page).read_text()


def test_the_readme_says_where_to_report() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()
