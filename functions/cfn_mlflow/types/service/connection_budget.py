"""The connection budget as an object of the service's graph: what its tasks may open."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.cloudformation.rollback import is_rolling_back
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Observed
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.runtime.log import log
from cfn_mlflow.types.common.connections import MOST, Budget


@dataclass(frozen=True, eq=False)
class ConnectionBudget(Observed[Budget]):
    """No object of AWS: a sum that is done once it is known what the database takes."""

    words: ClassVar[str] = "connection budget"

    stack_id: str
    asked: Budget
    """By what the properties say the database takes."""
    max_connections: Value[int]

    def observe(self) -> Observation[Budget]:
        """Do the sum; fail before any task changes if the database, as it runs, takes less.

        Properties that do not fit themselves were let stand: what runs already goes on. So does
        what a rollback goes back to.
        """
        budget = replace(self.asked, max_connections=known(self.max_connections))
        if not budget.fits:
            if self.asked.fits and not is_rolling_back(self.stack_id):
                raise PermanentError(
                    f"{budget.refusal}. A changed capacity counts once the database's instances "
                    f"are rebooted: change it alone, reboot them, then ask for the tasks"
                )
            log.warning(f"{budget.refusal}: lower the number of tasks or workers")
        if budget.clamped:
            logging.getLogger("cfn-mlflow").info(
                "Connection pools hold %s each, of MLflow's own %s: %s",
                budget.of_a_pool,
                MOST,
                budget.words,
            )
        return Observation(budget)
