"""A class's name leads to one class: no two of the product have the same."""

from __future__ import annotations

import ast
from collections import Counter

from tests.support.template.provider_template import ROOT


def test_no_two_classes_of_the_product_have_one_name() -> None:
    modules = (ast.parse(path.read_text()) for path in (ROOT / "functions").rglob("*.py"))
    names = Counter(
        node.name for tree in modules for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )
    assert names
    assert [name for name, count in names.items() if count > 1] == []
