"""A script that is shortened for a task's command is the same program as before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfn_mlflow import deep_check
from cfn_mlflow.upgrade import migration
from cfn_mlflow.upgrade.migration import script as migration_script
from cfn_mlflow.upgrade.migration.minified import minified

OLDEST_PYTHON = (3, 10)
"""The versions of Python in the supported images."""

SENT = {
    str(migration_script.__file__): migration.command()[1],
    str(Path(str(deep_check.__file__)).with_name("script.py")): deep_check.command()[1],
}
scripts = pytest.mark.parametrize("path", sorted(SENT), ids=lambda path: Path(path).parent.name)


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def literals(text: str) -> Iterator[str]:
    """Yield every string of a program as it is written, with spaces for line breaks."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        ):
            yield " ".join(str(ast.get_source_segment(text, node)).split())


@scripts
def test_what_is_sent_is_the_same_program_without_docstrings(path: str) -> None:
    written = without_docstrings(ast.parse(Path(path).read_text()))
    assert ast.dump(ast.parse(SENT[path])) == ast.dump(written)


@scripts
def test_what_is_sent_is_python_of_the_oldest_image(path: str) -> None:
    ast.parse(SENT[path], feature_version=OLDEST_PYTHON)


@scripts
def test_every_string_is_sent_as_it_is_written_whatever_python_sends_it(path: str) -> None:
    """No f-string has quotes within quotes, because only Python 3.12 and later can read those."""
    written = set(literals(Path(path).read_text()))
    assert [text for text in literals(SENT[path]) if text not in written] == []


@scripts
def test_what_is_sent_has_no_comment_and_no_docstring(path: str) -> None:
    assert not [line for line in SENT[path].splitlines() if line.lstrip().startswith("#")]
    tree = ast.parse(SENT[path])
    assert ast.dump(without_docstrings(ast.parse(SENT[path]))) == ast.dump(tree)


def test_brackets_docstrings_and_strings_of_all_kinds_are_written_as_they_were(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        '"""A module."""\n\n'
        "class End(Exception):  # a comment\n"
        '    """Nothing but this."""\n\n\n'
        "def say(name, *, loud=False):\n"
        '    """Say it.\n\n    Loud or not.\n    """\n'
        "    if loud:\n"
        "        return [  # all of them\n"
        "            f'{{{name!r:>{10}}}}',\n"
        '            ""\n'
        '            "b # not a comment",\n'
        "        ]\n"
        '    return """two\n  lines"""\n'
    )
    text = minified(script)
    assert text == (
        "class End(Exception):\n"
        " pass\n"
        "def say(name, *, loud=False):\n"
        " if loud:\n"
        '  return [ f\'{{{name!r:>{10}}}}\', "" "b # not a comment", ]\n'
        ' return """two\n  lines"""\n'
    )
