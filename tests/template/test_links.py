"""The pages lead to one another: each link and its anchor exist, and no page stands alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.template.provider_template import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
SHOWN = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
IMAGE = re.compile(r'<img src="([^"]+)"()')
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return SHOWN.sub("", page.read_text())


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the anchor of each link to a file of the project."""
    text = prose(page)
    for name, anchor in [*LINK.findall(text), *IMAGE.findall(text)]:
        if "://" not in name:
            yield (page.parent / name).resolve() if name else page, anchor


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    return frozenset(anchor(heading) for heading in HEADING.findall(prose(page)))


def anchor(heading: str) -> str:
    """Return the anchor of a heading: small letters, hyphens for spaces, no other sign."""
    bare = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", bare.lower()).replace(" ", "-")


@EACH_PAGE
def test_each_link_of_a_page_leads_to_a_file(page: Path) -> None:
    assert not [str(target) for target, _ in links(page) if not target.exists()]


@EACH_PAGE
def test_each_anchor_of_a_link_is_a_heading_of_its_page(page: Path) -> None:
    named = [(target, name) for target, name in links(page) if name]
    assert not [f"{target.name}#{name}" for target, name in named if name not in anchors(target)]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Why it cannot write", "why-it-cannot-write"),
        ("MLflow's keys, and `sign-in`", "mlflows-keys-and-sign-in"),
        ("[0.1.0]", "010"),
    ],
)
def test_a_heading_has_the_anchor_that_github_gives_it(heading: str, expected: str) -> None:
    assert anchor(heading) == expected


def test_each_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [target for target, _ in links(page) if target.suffix == ".md"]
    apart = {page for page in PAGES if page.parent.name != "decisions"} - reached
    assert not sorted(page.name for page in apart)


def test_no_two_pages_have_the_same_subject() -> None:
    titles = [HEADING.findall(prose(page))[0].lower() for page in PAGES]
    assert len(set(titles)) == len(titles)


def test_no_page_of_operations_shows_a_section_that_another_has() -> None:
    index = ROOT / "docs" / "operations.md"
    pages = sorted({target for target, _ in links(index)})
    headings = [heading for page in pages for heading in HEADING.findall(prose(page))]
    assert len(pages) > 5
    assert len(set(headings)) == len(headings)
