"""Each code of a failure is raised by the product, told by its page, and seen by a test."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cfn_mlflow.outcome import Failed, PermanentError
from cfn_mlflow.reason import CHECK, NOT_SERVED, ROTATION, Reason
from tests.support.codes import failing

ROOT = Path(__file__).parents[2]
PRODUCT = [path for path in (ROOT / "functions").rglob("*.py") if path.name != "reason.py"]
TESTS = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
EACH = pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)


def codes_in(*trees: ast.AST) -> Iterator[str]:
    """Yield each code that is named by `Reason.X`."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Attribute(value=ast.Name(id="Reason"), attr=code):
                yield code


def expectations(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what a test expects: by assertions, by values given for them, by `failing`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.test
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield from node.decorator_list
        elif isinstance(node, ast.With):
            yield from (item.context_expr for item in node.items if is_failing(item.context_expr))


def is_failing(node: ast.expr) -> bool:
    """Tell whether it is a call of the helper that expects a failure of a code."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name == failing.__name__
    return False


RAISED = Counter(code for path in PRODUCT for code in codes_in(ast.parse(path.read_text())))
SEEN = Counter(
    code for path in TESTS for code in codes_in(*expectations(ast.parse(path.read_text())))
)


@EACH
def test_each_code_is_raised_by_the_product(reason: Reason) -> None:
    assert RAISED[reason.name]


@EACH
def test_each_code_is_expected_by_a_test(reason: Reason) -> None:
    assert SEEN[reason.name]


@EACH
def test_each_code_says_in_short_sentences_what_it_means_and_what_to_do(reason: Reason) -> None:
    meaning = reason.value
    for text in (meaning.means, meaning.to_do):
        assert text.endswith(".")
        assert max(len(sentence.split()) for sentence in text.split(". ")) <= 20
    assert meaning.shown


OF_A_ROTATION = (
    *(f"rotation/{name}.py" for name in ("loop", "rotation", "steps", "standby_login")),
    *("rotation/redeployment.py", "engine/patience.py", "direct_invocation/cluster_tenant.py"),
    *("aws/core/errors.py", "aws/core/session.py", "aws/rdsdata/database.py", "aws/ecs/task.py"),
)
OF_A_CHECK = (
    *("types/schema/by_hand.py", "schema_check/states.py", "schema_check/check.py"),
    *("schema_check/look.py", "aws/core/session.py", "aws/rdsdata/database.py"),
)
NOT_THERE = {(ROTATION, Reason.NoCapacity)}
"""A rotation makes nothing that lies in an Availability Zone."""


@pytest.mark.parametrize(
    ("place", "modules"),
    [
        (ROTATION, OF_A_ROTATION),
        (CHECK, OF_A_CHECK),
        (NOT_SERVED, ("direct_invocation/caller.py",)),
    ],
)
def test_each_code_that_a_place_can_show_names_the_place(
    place: str, modules: tuple[str, ...]
) -> None:
    trees = [ast.parse((ROOT / "functions/cfn_mlflow" / name).read_text()) for name in modules]
    raised = {Reason[code] for code in codes_in(*trees)}
    shown = {reason for reason in Reason if place in reason.value.shown}
    assert {one for one in raised - shown if (place, one) not in NOT_THERE} == set()


def test_a_caller_who_is_not_served_gets_the_code_in_an_answer_alone() -> None:
    assert Reason.CallerRefused.value.shown == (NOT_SERVED,)


def test_no_two_codes_mean_the_same() -> None:
    assert len(Reason.__members__) == len(Reason)


def test_an_error_and_a_failure_tell_their_code_apart_from_their_words() -> None:
    error = PermanentError(Reason.NameTaken, "the name is taken")
    assert (error.reason, str(error)) == (Reason.NameTaken, "the name is taken")
    assert str(Failed(error.reason, error.words)) == "[NameTaken] the name is taken"


def test_an_expectation_is_an_assertion_or_a_value_that_a_test_is_given() -> None:
    text = (
        "@pytest.mark.parametrize('code', [Reason.A])\n"
        "def test_one(code):\n"
        "    error = Failed(Reason.B, '')\n"
        "    assert error.reason is Reason.C\n"
        "    with other(Reason.D), failing(Reason.E):\n"
        "        work()\n"
    )
    assert set(codes_in(*expectations(ast.parse(text)))) == {"A", "C", "E"}
