"""Reads how many connections the running database takes, because the parameter is static."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.postgres.roles import InDatabase


@dataclass(frozen=True)
class ConnectionLimitView:
    """The number of connections with which the writer was started."""

    max_connections: int


@dataclass(frozen=True, eq=False)
class ConnectionLimit(InDatabase[ConnectionLimitView]):
    """The database's max_connections. Another capacity changes it only with a reboot."""

    display_name: ClassVar[str] = "database connection limit"

    def observe(self) -> Observation[ConnectionLimitView]:
        """Read the setting from the database (rds-data:ExecuteStatement)."""
        [found] = self.as_master.query(
            "SELECT CAST(setting AS integer) AS setting FROM pg_catalog.pg_settings"
            " WHERE name = 'max_connections'"
        )
        return Observation(ConnectionLimitView(int(str(found["setting"]))))
