"""Given a log line that a page quotes, then the source writes a line that begins so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.support.template.provider_template import ROOT
from tests.template.test_rights_used import parsed, sources

QUOTED = re.compile(r"\b(?:log line|the line|log says|logs)[ \n]`([A-Z][^`]+)`")
"""`the log line X` and the like; a line of the log begins with a capital letter."""

SHORTEST = 4
"""Characters of a text before its first value; a shorter beginning tells no line from another."""

Text = tuple[str | None, ...]
"""The parts of a text in the source; None for a value that stands in it."""


def quoted() -> Iterator[tuple[str, str]]:
    """Yield each page with each line that it quotes."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for line in QUOTED.findall(page.read_text()):
            yield page.name, line


@cache
def texts() -> frozenset[Text]:
    """Return every text of the source that does not begin with a value."""
    nodes = [node for path in sources() for node in ast.walk(parsed(path))]
    plain = {
        (node.value,)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    filled = {
        tuple(str(part.value) if isinstance(part, ast.Constant) else None for part in node.values)
        for node in nodes
        if isinstance(node, ast.JoinedStr)
    }
    return frozenset(text for text in plain | filled if text and len(text[0] or "") >= SHORTEST)


def begins(text: Text, line: str) -> bool:
    """Tell whether the text can begin with the line."""
    if not line or not text:
        return not line
    first, *rest = text
    if first is None:
        return not rest or any(begins(tuple(rest), line[end:]) for end in range(1, len(line)))
    return first.startswith(line) or (
        line.startswith(first) and begins(tuple(rest), line.removeprefix(first))
    )


def test_each_log_line_that_a_page_quotes_is_one_that_the_source_writes() -> None:
    lines = list(quoted())
    assert len(lines) >= 5
    assert not [(page, line) for page, line in lines if not any(begins(t, line) for t in texts())]


def test_a_quoted_line_matches_its_text_with_values_and_without_its_end() -> None:
    assert begins(("All ", None, " faults"), "All 23 faults")
    assert begins(("Ends without an answer: ", None), "Ends without an answer: it is over")
    assert begins(("Continues with a fault. Correct it: ", None), "Continues with a fault")
    assert not begins(("Continues with a fault. Correct it: ", None), "Goes on with a fault")
    assert not begins(("All ", None, " faults"), "All 23 errors")
