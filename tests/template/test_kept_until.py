"""What is kept for stacks of 0.1: found by one search, and gone with 0.3.0."""

from __future__ import annotations

import re
from pathlib import Path

from cfn_mlflow import __version__
from cfn_mlflow.aws.core.sharing import EVERYBODY_UNTIL_0_3_0
from tests.support.template.provider_template import ROOT

TERM = "kept until 0.3.0"
TEMPLATE = (ROOT / "template.yaml").read_text()
PLACES_IN_CODE = {
    "EVERYBODY_UNTIL_0_3_0 =": "the values of cfn-mlflow:allow that name no stack",
    "allows_everybody_unsaid(view.tags)": "the warning of them",
    "def tags_of_rule_that_says": "the lookup of a rule without a role",
    "class Caller": "what such a rule is served",
    "class BucketPolicy": "roles that carry no stack",
    "put_role_permissions_boundary(": "how such a role gets one",
}


def sources() -> list[Path]:
    return sorted((ROOT / "functions").rglob("*.py"))


def before(line: int) -> str:
    """Return the comment that stands above a line of the template, and the `!If` around it."""
    lines = TEMPLATE.splitlines()
    above = line - 1
    while lines[above].strip().startswith("#"):
        above -= 1
    return " ".join(lines[above + 1 : line])


def lines_with(pattern: str) -> list[int]:
    return [n for n, line in enumerate(TEMPLATE.splitlines()) if re.search(pattern, line)]


def test_each_statement_for_what_was_made_before_says_how_long_it_is_kept() -> None:
    found = lines_with(r"- Sid: \w*Before$")
    assert len(found) >= 9
    assert [n + 1 for n in found if TERM not in before(n)] == []


def test_each_list_of_values_that_name_no_stack_says_how_long_it_is_kept() -> None:
    assert EVERYBODY_UNTIL_0_3_0 == ("", "yes", "true")
    found = [n - 1 for n in lines_with(r'^ *- "yes"$')]
    assert len(found) >= 9
    assert [n + 1 for n in found if TERM not in before(n)] == []


def test_each_permission_for_a_rule_without_a_role_says_how_long_it_is_kept() -> None:
    found = [n - 1 for n in lines_with("Type: AWS::Lambda::Permission")]
    assert len(found) == 2
    assert [n + 1 for n in found if TERM not in before(n)] == []


def test_each_place_in_the_code_says_how_long_it_is_kept() -> None:
    texts = [path.read_text() for path in sources()]
    for code in PLACES_IN_CODE:
        assert any(TERM in text for text in texts if code in text), code


def test_nothing_is_kept_any_longer() -> None:
    if tuple(map(int, __version__.split(".")[:2])) >= (0, 3):
        kept = [path for path in sources() if TERM in path.read_text()]
        assert (kept, TERM in TEMPLATE) == ([], False)
