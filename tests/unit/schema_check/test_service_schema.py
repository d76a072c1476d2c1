"""What the service's upgrade asks of the database."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.schema_check.service_schema import ServiceSchema
from tests.support.checked_schema import HEAD, at_head, empty, names, server
from tests.support.postgres import Connection

__all__ = ["at_head", "empty", "names", "server"]


def schema_of(connection: Any) -> ServiceSchema:
    return ServiceSchema(connection)


def test_database_without_a_table_is_empty_and_has_no_revision(empty: Connection) -> None:
    assert schema_of(empty).is_empty()
    assert schema_of(empty).revision() is None
    empty.execute("CREATE TABLE orders (id int)")
    assert not schema_of(empty).is_empty(), "it is somebody's"


def test_table_that_is_lost_is_a_fault_and_a_lost_index_is_only_told(
    at_head: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    assert (schema_of(at_head).revision(), schema_of(at_head).faults(HEAD)) == (HEAD, ())
    at_head.execute("DROP INDEX index_latest_metrics_run_uuid")
    assert schema_of(at_head).faults(HEAD) == ()
    assert "lacks indexes: table latest_metrics: index index_latest" in caplog.text
    at_head.execute("DROP TABLE registered_model_aliases")
    assert schema_of(at_head).faults(HEAD) == ("table registered_model_aliases is missing",)
