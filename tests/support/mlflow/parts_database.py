"""What a stack's database can come to while its tasks run: a read-only writer, and a pause."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.aws import LocalAws
from tests.support.mlflow.mlflow_stacks import post

READ_ONLY = "ALTER DATABASE mlflow SET default_transaction_read_only = on"
READ_WRITE = "ALTER DATABASE mlflow RESET default_transaction_read_only"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'mlflow_app%'"
PAUSED = "database system is shut down"
SECONDS_UNTIL_PAUSED = 240


@contextmanager
def read_only_database(aws: LocalAws, prefix: str) -> Iterator[None]:
    """Let every new session be read-only in the block, as on a writer that was demoted.

    The tasks' sessions are cut at its beginning, as a failover cuts them.
    """
    _as_master(aws, prefix, READ_ONLY)
    _as_master(aws, prefix, CUT)
    try:
        yield
    finally:
        _as_master(aws, prefix, READ_WRITE)


def write_status(aws: LocalAws, tracking_uri: str) -> int:
    """Return the HTTP status with which MLflow answers a write."""
    name = f"written-{time.time_ns()}"
    try:
        post(aws, tracking_uri, "registered-models/create", {"name": name})
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def wait_until_paused(aws: LocalAws, prefix: str) -> None:
    """Wait until PostgreSQL was stopped once more, as a pause stops it."""
    [log] = (aws.state / "databases").glob(f"*{prefix}*/postgresql.log")
    stops = log.read_text().count(PAUSED)
    end = time.monotonic() + SECONDS_UNTIL_PAUSED
    while log.read_text().count(PAUSED) == stops:
        if time.monotonic() > end:
            raise TimeoutError(f"{prefix} did not pause: {log.read_text()[-2000:]}")
        time.sleep(0.5)


def _as_master(aws: LocalAws, prefix: str, statement: str) -> None:
    """Run a statement in a transaction that may write, whatever the session begins with."""
    session = aws.session()
    found = session.client("rds").describe_db_clusters()["DBClusters"]
    [cluster] = [one for one in found if one["DBClusterIdentifier"].startswith(prefix)]
    api = session.client("rds-data")
    names: dict[str, Any] = {
        "resourceArn": cluster["DBClusterArn"],
        "secretArn": cluster["MasterUserSecret"]["SecretArn"],
    }
    transaction = api.begin_transaction(**names, database="mlflow")["transactionId"]
    for sql in ("SET TRANSACTION READ WRITE", statement):
        api.execute_statement(**names, database="mlflow", transactionId=transaction, sql=sql)
    api.commit_transaction(**names, transactionId=transaction)
