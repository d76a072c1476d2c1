"""A transaction in which PostgreSQL refuses every write."""

from __future__ import annotations

import pytest
from psycopg2.errors import ReadOnlySqlTransaction

from cfn_mlflow.aws.rdsdata.read_only import READ_ONLY
from cfn_mlflow.schema_check.check import check
from tests.support.checked_schema import HEAD, OLDER, build, empty, names, server
from tests.support.postgres import Connection

__all__ = ["empty", "names", "server"]


@pytest.mark.parametrize("revision", [HEAD, OLDER, None])
def test_all_of_it_runs_in_one_transaction_in_which_postgresql_refuses_to_write(
    empty: Connection, revision: str | None
) -> None:
    if revision:
        build(empty, revision)
    told = check(empty, HEAD)
    empty.execute(f"BEGIN; {READ_ONLY}")
    assert check(empty, HEAD) == told
    with pytest.raises(ReadOnlySqlTransaction):
        empty.execute("CREATE TABLE written (id int)")
    empty.execute("ROLLBACK")
    assert check(empty, HEAD) == told
