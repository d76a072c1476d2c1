"""RDS Data API: several statements in one transaction in which PostgreSQL refuses every write.

A call takes one statement, so a session cannot be made read-only and asked by the same call; but
statements can share a transaction, and that can be read-only. Rests on rds-data:BeginTransaction,
ExecuteStatement and RollbackTransaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.rdsdata.database import DataApiError, Database, UnavailableError, answered

if TYPE_CHECKING:
    from mypy_boto3_rds_data import RDSDataServiceClient

READ_ONLY = "SET TRANSACTION READ ONLY"


@contextmanager
def read_only(database: Database) -> Iterator[Database]:
    """Give the same database, in a transaction that can only read and is rolled back at the end.

    A statement that fails spoils the rest. Raises as `Database.query` does.
    """
    rds_data: RDSDataServiceClient = client("rds-data")
    where = {"resourceArn": database.cluster_arn, "secretArn": database.secret_arn}
    begun = answered(
        lambda: rds_data.begin_transaction(**where, database=database.name), database.cluster_arn
    )
    reader = replace(database, transaction_id=begun["transactionId"])
    try:
        reader.execute(READ_ONLY)
        yield reader
    finally:
        # What is left open, the Data API ends by itself after three minutes.
        with suppress(UnavailableError, DataApiError):
            answered(
                lambda: rds_data.rollback_transaction(**where, transactionId=reader.transaction_id),
                database.cluster_arn,
            )
