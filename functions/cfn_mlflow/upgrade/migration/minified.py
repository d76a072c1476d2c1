"""Shortens a script for a task's command: no comments, docstrings and line breaks in brackets.

All else stays as it was written. `ast.unparse` would write it in the syntax of the Python that
runs here. The Python of an image may not know that syntax.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from tokenize import COMMENT, DEDENT, ENDMARKER, INDENT, NEWLINE, NL, TokenInfo

_LAYOUT = frozenset({COMMENT, NL, INDENT, DEDENT, ENDMARKER})


def minified(script: Path) -> str:
    """Return the script's text, shortened, because ECS takes 8,192 characters of overrides."""
    source = script.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "".join(_written(tokens, source.splitlines(keepends=True), dict(_docstrings(source))))


def _docstrings(source: str) -> Iterator[tuple[int, bool]]:
    """Yield the lines of every docstring, and whether its block has nothing else."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            for line in range(first.lineno, (first.end_lineno or first.lineno) + 1):
                yield line, len(node.body) == 1


def _written(
    tokens: Iterable[TokenInfo], lines: list[str], docstrings: dict[int, bool]
) -> Iterator[str]:
    depth, end, begins = 0, (0, 0), True
    for token in tokens:
        depth += (token.type == INDENT) - (token.type == DEDENT)
        if token.type in _LAYOUT:
            continue
        if token.start[0] in docstrings:
            if token.type == NEWLINE and docstrings[token.start[0]]:
                yield " " * depth + "pass\n"
            continue
        if token.type == NEWLINE:
            yield "\n"
            begins = True
            continue
        if begins:
            yield " " * depth
        elif token.start[0] != end[0]:
            yield " "
        else:
            yield lines[end[0] - 1][end[1] : token.start[1]]
        yield _between(lines, token.start, token.end)
        end, begins = token.end, False


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the source between two positions: a token's text lacks parts of an f-string."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    inner = lines[start[0] : end[0] - 1]
    return "".join([lines[start[0] - 1][start[1] :], *inner, lines[end[0] - 1][: end[1]]])
