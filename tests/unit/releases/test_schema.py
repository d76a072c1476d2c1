"""A table in PostgreSQL's words."""

from __future__ import annotations

from cfn_mlflow import releases


def test_a_column_and_an_index_are_declared_in_postgresqls_words() -> None:
    runs = (releases.declared("97727af70f4d") or {})["runs"]
    assert (runs.columns["run_uuid"].type, runs.columns["run_uuid"].nullable) == (
        "character varying(32)",
        False,
    )
    assert runs.columns["end_time"].nullable
    assert runs.indexes["run_pk"] == "primary key btree (run_uuid)"
    metrics = (releases.declared("97727af70f4d") or {})["metrics"]
    assert metrics.indexes["index_metrics_run_uuid"] == "btree (run_uuid)"
