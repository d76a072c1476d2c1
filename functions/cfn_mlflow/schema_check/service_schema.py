"""Reads for an upgrade of the service what the database holds, through the Data API."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.runtime.log import log
from cfn_mlflow.schema_check import check as schema_check


@dataclass(frozen=True)
class ServiceSchema:
    """The schema of one database, as the service's login sees it.

    Each method may raise TemporaryError or DataApiError.
    """

    database: Database

    def revision(self) -> str | None:
        """Return the database's revision; None if it has none."""
        return schema_check.revision(self.database)

    def is_empty(self) -> bool:
        """Tell whether the database has no table at all."""
        found = schema_check.read(self.database)
        return found.revision is None and not found.schema

    def faults(self, revision: str) -> tuple[str, ...]:
        """Name the tables and columns of a revision that are missing or wrong.

        Logs a warning for missing indexes.
        """
        report = schema_check.check(self.database, revision)
        if report.missing_indexes:
            log.warning(f"MLflow's database lacks indexes: {'; '.join(report.missing_indexes)}")
        return report.damage
