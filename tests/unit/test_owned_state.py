"""The state folders of local AWS whose owners were killed: they go at the next start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local import aws

NO_PROCESS = 2**22 + 1
"""Beyond what Linux gives a process as its id."""


def test_only_folders_of_owners_that_are_gone_are_removed_at_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "DEFAULT_STATE", tmp_path / "run")
    others = ("run", f"run-{os.getpid()}-abcdefgh", "run-j7ci7axh-env", "run-of-somebody")
    for name in (*others, f"run-{NO_PROCESS}-abcdefgh"):
        (tmp_path / name).mkdir()

    made = aws.LocalAws()._new_state()

    assert {folder.name for folder in tmp_path.iterdir()} == {*others, made.name}
