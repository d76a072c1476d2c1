"""Given a file that another process is writing, then its readers take the lines that are whole."""

from __future__ import annotations

import json
from pathlib import Path

from local.aws import LocalAws
from local.launch.state_folder import JOURNAL_FILE, SECRETS_FILE
from tests.support.local_aws.probe import Probe


def test_the_journal_of_a_running_local_aws_ends_with_its_last_whole_line(tmp_path: Path) -> None:
    for file in (JOURNAL_FILE, SECRETS_FILE):
        (tmp_path / file).write_text(f'{json.dumps(["a log", "whole"])}\n["a log", "ha')
    aws = LocalAws(state=tmp_path)
    assert list(aws.journal()) == [("a log", "whole")]
    assert list(aws.secrets_made()) == [("a log", "whole")]


def test_what_a_probe_has_seen_ends_with_its_last_whole_line(tmp_path: Path) -> None:
    probe = Probe(tmp_path, "probe")
    assert probe.seen() == []
    (tmp_path / "probe.jsonl").write_text('{"event": {"RequestType": "Create"}}\n{"event": {"Re')
    assert probe.requests() == [("Create", None)]
