"""The connection budget as an object of the service's graph: what its tasks may open."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.models.connections import MOST, Budget
from cfn_mlflow.outcome import PermanentError


@dataclass(frozen=True, eq=False)
class ConnectionBudget(ManagedObject[Budget]):
    """No object of AWS: a sum that is done once it is known what the database takes."""

    words: ClassVar[str] = "connection budget"
    goes_along: ClassVar[bool] = True

    tasks: int
    workers: int
    max_connections: int
    basic_auth: bool = False

    def read(self) -> Budget:
        """Do the sum; fail before any task changes if the database, as it runs, takes less."""
        budget = Budget(self.tasks, self.workers, self.max_connections, self.basic_auth)
        if not budget.fits:
            raise PermanentError(
                f"{budget.refusal}. A changed capacity counts once the database's instances are "
                f"rebooted: change it alone, reboot them, then ask for the tasks"
            )
        if budget.clamped:
            logging.getLogger("cfn-mlflow").info(
                "Connection pools hold %s each, of MLflow's own %s: %s",
                budget.of_a_pool,
                MOST,
                budget.words,
            )
        return budget

    def create(self) -> None:
        """Never called: `read` always finds it."""
        raise NotImplementedError

    def delete(self, view: Budget) -> None:
        """Never called: there is nothing to remove."""
        raise NotImplementedError
