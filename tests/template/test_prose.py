"""The pages for users are in short sentences, and pages and code are in the field's words."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.template.provider_template import ROOT

DOCS = ROOT / "docs"
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "types").glob("*")),
]
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
MOST_WORDS = 28
"""Twenty is the rule; a few sentences of the pages that list things need more."""
MOST_WORDS_OF_A_DOCSTRING = 20
PRIVATE = (
    "goes along",
    "idle login",
    "login in use",
    "narrator",
    "settling",
    "stand-in",
    "stands in for",
    "takes? turns",
    "twins?",
)
"""Words that docs/glossary.md has replaced."""
MODULES = sorted((ROOT / "functions").rglob("*.py"))
TAG = re.compile(r"cfn-mlflow:[a-z-]+")
"""A tag on AWS keeps its older word, for stacks that exist carry it."""

FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
APART = re.compile(r"^(?:#|\||    |<!--|!\[|$)")
ITEM = re.compile(r"^(?:- (?:\[.\] )?|\d+\. )")
CODE = re.compile(r"`[^`]*`|\]\([^)]*\)")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a page outside of headings, tables and what is shown as typed."""
    paragraph: list[str] = []
    for line in [*FENCED.sub("", text).splitlines(), ""]:
        if APART.match(line) or ITEM.match(line):
            yield from re.split(r"(?<=[.!?:;])\s+", CODE.sub("X", " ".join(paragraph)))
            paragraph = []
        if not APART.match(line):
            paragraph.append(ITEM.sub("", line).strip())


def replaced_words(text: str) -> list[str]:
    """Return the words in a page or a module that the glossary has replaced."""
    plain = TAG.sub("", text.lower().replace("_", "-"))
    return [word for word in PRIVATE if re.search(rf"\b{word}\b", plain)]


def docstrings(module: Path) -> list[str]:
    """Return the docstrings of a module, also those of its constants and fields."""
    return [
        inspect.cleandoc(node.value.value)
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def words(sentence: str) -> int:
    """Return how many words a sentence has."""
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())


@EACH
def test_no_sentence_of_a_page_has_too_many_words(page: Path) -> None:
    assert not [one for one in sentences(page.read_text()) if words(one) > MOST_WORDS]


def test_no_sentence_of_a_docstring_of_the_functions_has_too_many_words() -> None:
    found = [
        (str(module.relative_to(ROOT)), sentence)
        for module in MODULES
        for text in docstrings(module)
        for sentence in sentences(text)
    ]
    assert len(found) > 1500
    assert not [one for one in found if words(one[1]) > MOST_WORDS_OF_A_DOCSTRING]


@EACH
def test_no_page_uses_a_word_that_the_glossary_has_replaced(page: Path) -> None:
    assert not replaced_words(page.read_text())


def test_no_module_of_the_functions_uses_a_word_that_the_glossary_has_replaced() -> None:
    found = {str(one.relative_to(ROOT)): replaced_words(one.read_text()) for one in MODULES}
    assert len(found) > 200
    assert not {module: words for module, words in found.items() if words}


def test_a_replaced_word_is_found_in_a_name_and_a_tag_of_aws_is_not_one() -> None:
    assert replaced_words("view.stand_in, the twins") == ["stand-in", "twins?"]
    assert not replaced_words('TAG = "cfn-mlflow:stand-in"')


def test_a_sentence_ends_at_its_stop_and_not_in_a_list_a_table_or_code() -> None:
    page = (
        "# Head\n\nOne `a. b` two. Three\nfour:\n\n- five\n  six\n- seven\n\n    typed\n| cell |\n"
    )
    found = [one for one in sentences(page) if one]
    assert found == ["One X two.", "Three four:", "five six", "seven"]
    assert [words(one) for one in found] == [3, 2, 2, 1]
