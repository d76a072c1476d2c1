"""Two demos in one folder: the second one says that the first one runs, and leaves it alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import demo.__main__ as demo
from local import environments
from local.aws import LocalAws
from tests.support.local_aws.fake_local_aws import running


@pytest.fixture
def first(tmp_path: Path) -> Iterator[LocalAws]:
    """The first demo's local AWS."""
    with running(tmp_path, 4566) as aws:
        yield aws


def test_a_second_demo_is_refused_and_the_first_one_runs_on(
    first: LocalAws,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(demo, "DEMO_STATE", tmp_path)
    monkeypatch.setattr(environments, "prepare", lambda *_, **__: None)
    monkeypatch.delenv("KEEP", raising=False)

    assert demo.main() == 1

    assert "A local AWS is running already: http://127.0.0.1:4566" in capsys.readouterr().err
    assert first.running
