"""The chain of revisions: its order, and the tables that each revision leaves."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from cfn_mlflow import releases

VERSIONS = json.loads((Path(releases.__file__).parent / "versions.json").read_text())


def test_every_head_lies_in_the_chain_and_no_revision_twice() -> None:
    chain = releases.pending(None, "f4a9b2c7d1e6")
    assert len(set(chain)) == len(chain) == 70
    for version, (head, _) in VERSIONS.items():
        assert releases.position(head) is not None, version


def test_pending_is_what_a_migration_runs() -> None:
    chain = releases.pending(None, "f4a9b2c7d1e6")
    assert releases.pending(chain[-3], chain[-1]) == chain[-2:]
    assert releases.pending(chain[-1], chain[-1]) == []
    assert releases.pending(chain[-1], chain[0]) == []
    assert releases.pending("ffffffffffff", chain[-1]) == []


def test_each_revision_declares_tables_that_only_grow_clearer() -> None:
    chain = releases.pending(None, "f4a9b2c7d1e6")
    layouts = [releases.declared(revision) or {} for revision in chain]
    assert set(layouts[0]) == releases.first_tables()
    assert len(layouts[-1]) == 70
    assert sum(len(table.columns) for table in layouts[-1].values()) == 538
    for before, after in pairwise(layouts):
        assert len(after) >= len(before) - 2
    assert releases.declared("ffffffffffff") is None
