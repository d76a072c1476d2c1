"""Each command that README and docs show is typed by a test, or it is said why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.docs import docs_walk
from tests.support.docs.doc_commands import PAGES, Command, Step, commands, filled

WALK = Path(__file__).parents[1] / "lifecycle" / "test_docs_walk.py"


def test_every_command_of_a_page_that_asks_aws_is_walked_or_left_out_with_a_reason() -> None:
    steps = {*docs_walk.WALKED.values(), *docs_walk.NOT_WALKED}
    known = {step.command() for step in steps}
    shown = {command for page in PAGES for command in commands(page) if command.asks_aws}
    assert not list(shown - known), "walk it, or say in tests/support/docs/docs_walk.py why not"


@pytest.mark.parametrize("name", docs_walk.WALKED)
def test_every_step_of_the_walk_is_typed(name: str) -> None:
    assert re.search(rf"docs_walk\.{name}\b", WALK.read_text())


def test_a_command_with_a_word_that_nobody_fills_in_is_refused() -> None:
    with pytest.raises(AssertionError, match="CLUSTER"):
        filled("aws rds describe --id CLUSTER", {"STACK": "mlflow"})


def test_a_command_goes_on_behind_a_backslash_and_to_the_end_of_its_loop() -> None:
    loop = Step("docs/restoring.md", "for instance in").command()
    assert loop.text.endswith("done")
    assert loop.asks_aws
    assert not Command("README.md", "echo aws > file").asks_aws
