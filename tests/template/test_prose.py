"""The pages for users are in short sentences, and in the field's words."""

from __future__ import annotations

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
"""Twenty is the rule; a few sentences that list things need more."""
PRIVATE = (
    "goes along",
    "narrator",
    "settling",
    "stand-in",
    "stands in for",
    "take turns",
    "twin",
)
"""Words that docs/glossary.md has replaced."""

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


def words(sentence: str) -> int:
    """Return how many words a sentence has."""
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())


@EACH
def test_no_sentence_of_a_page_has_too_many_words(page: Path) -> None:
    assert not [one for one in sentences(page.read_text()) if words(one) > MOST_WORDS]


@EACH
def test_no_page_uses_a_word_that_the_glossary_has_replaced(page: Path) -> None:
    text = page.read_text().lower()
    assert not [word for word in PRIVATE if re.search(rf"\b{word}\b", text)]


def test_a_sentence_ends_at_its_stop_and_not_in_a_list_a_table_or_code() -> None:
    page = (
        "# Head\n\nOne `a. b` two. Three\nfour:\n\n- five\n  six\n- seven\n\n    typed\n| cell |\n"
    )
    found = [one for one in sentences(page) if one]
    assert found == ["One X two.", "Three four:", "five six", "seven"]
    assert [words(one) for one in found] == [3, 2, 2, 1]
