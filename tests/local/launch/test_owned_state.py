"""The state folders of local AWS whose owners were killed: they go at the next start."""

from __future__ import annotations

import os
from pathlib import Path

from local.launch import state_folder

NO_PROCESS = 2**22 + 1
"""Beyond what Linux gives a process as its id."""


def test_only_folders_of_owners_that_are_gone_are_removed_at_a_start(
    tmp_path: Path,
) -> None:
    others = ("run", f"run-{os.getpid()}-abcdefgh", "run-j7ci7axh-env", "run-of-somebody")
    for name in (*others, f"run-{NO_PROCESS}-abcdefgh"):
        (tmp_path / name).mkdir()

    made = state_folder.new(tmp_path)

    assert {folder.name for folder in tmp_path.iterdir()} == {*others, made.name}
