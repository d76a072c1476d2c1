"""The migration task: what it runs in the image, and what its end means."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def command() -> tuple[str, ...]:
    """Return the container command that migrates: `python -c` and the script.

    ECS takes 8,192 characters of overrides for a task: the script goes without comments and
    docstrings.
    """
    tree = ast.parse(Path(__file__).with_name("script.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ("python", "-c", ast.unparse(tree))
