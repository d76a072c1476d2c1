"""`make status | head`: a reader that leaves is no error to be shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from local import __main__ as terminal


def test_a_reader_that_leaves_early_gets_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.aws.DEFAULT_STATE", tmp_path / "run")
    monkeypatch.setattr("sys.argv", ["local", "status"])
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as out:  # noqa: PTH123 - a descriptor, not a path
        monkeypatch.setattr(sys, "stdout", out)
        assert terminal.main() == 1
