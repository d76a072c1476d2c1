"""What an entry module may import; the layers below them are held by .importlinter."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.support.template.provider_template import ROOT
from tests.template.test_template import HANDLERS

LOADED = """
import sys
sys.path.insert(0, "functions")
before = set(sys.modules)
import last_word
names = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(names - sys.stdlib_module_names - {"last_word"}))
print(*sorted(name for name in sys.modules if name.startswith("cfn_mlflow.")))
"""


@pytest.mark.parametrize("module", HANDLERS.values())
def test_an_entry_module_reaches_aws_by_no_way_of_its_own(module: str) -> None:
    tree = ast.parse((ROOT / "functions" / f"{module}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) for alias in _names(node)}
    assert not {name.split(".")[0] for name in imported} & {"boto3", "botocore", "local", "demo"}


def test_the_last_word_can_be_said_when_no_library_can_be_imported() -> None:
    """-S leaves out site-packages: what it needs is the standard library and the protocol."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, a program that stands above
        [sys.executable, "-I", "-S", "-c", LOADED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    foreign, own = done.stdout.splitlines()
    assert foreign.split() in ([], ["cfn_mlflow"])
    assert {".".join(name.split(".")[:2]) for name in own.split()} <= {
        "cfn_mlflow.cloudformation",
        "cfn_mlflow.outcome",
        "cfn_mlflow.reason",
        "cfn_mlflow.runtime",
    }


def _names(node: ast.AST) -> list[ast.alias]:
    if isinstance(node, ast.ImportFrom):
        return [ast.alias(name=node.module or "")]
    return node.names if isinstance(node, ast.Import) else []
