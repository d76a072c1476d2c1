"""Tags that mean something to AWS or to the provider are no user's to set."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cfn_mlflow import reserved_tags
from cfn_mlflow.reserved_tags import EVERY_STACK, RESERVED_KEYS

PRODUCT = Path(reserved_tags.__file__).parent
TAKEN_BY_RDS = r"[\w\s.:/=+@-]*"
"""Characters of a tag, as the API of RDS gives them."""


def tag_keys() -> Iterator[str]:
    """Yield every key that the product has a name for, such as `OWNER_TAG`."""
    for path in PRODUCT.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [name.id for name in node.targets if isinstance(name, ast.Name)]
                if any(re.fullmatch(r"(?!DEFAULT_IMAGE)[A-Z_]+_TAG", name) for name in names):
                    yield str(node.value.value)


def test_every_tag_that_the_product_reads_or_writes_is_reserved() -> None:
    keys = sorted(tag_keys())
    assert len(keys) > 10
    assert [key for key in keys if not key.startswith(RESERVED_KEYS)] == []


def test_word_for_every_stack_is_a_tags_value_for_rds_and_no_stacks_name() -> None:
    assert re.fullmatch(TAKEN_BY_RDS, EVERY_STACK)
    assert not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]*", EVERY_STACK)
