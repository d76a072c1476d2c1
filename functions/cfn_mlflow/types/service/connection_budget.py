"""The connection budget in the service's graph: the connections that its tasks may open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.cloudformation.rollback import is_rolling_back
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Observed
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log
from cfn_mlflow.types.common.connections import MOST, Budget


@dataclass(frozen=True, eq=False)
class ConnectionBudget(Observed[Budget]):
    """The sum of the connections, once it is known how many the database accepts.

    It is no object of AWS. `types/common/connections.py` has the sum. `types/mlflow/properties.py`
    raises the same fault of a `Custom::MLflow` first, from its properties alone.
    """

    display_name: ClassVar[str] = "connection budget"

    stack_id: str
    asked: Budget
    """The budget with the connections that the properties promise."""
    max_connections: Value[int]

    def observe(self) -> Observation[Budget]:
        """Return the budget. Fail before any task changes if the running database accepts less.

        If the properties themselves do not fit, that was accepted as a fault that the resource
        already had. Then, and in a rollback, only a warning is logged.
        """
        budget = replace(self.asked, max_connections=known(self.max_connections))
        if not budget.fits:
            if self.asked.fits and not is_rolling_back(self.stack_id):
                raise PermanentError(
                    Reason.ConnectionBudgetExceeded,
                    f"{budget.refusal}. A changed capacity counts once the database's instances "
                    f"are rebooted: change it alone, reboot them, then ask for the tasks",
                )
            log.warning(f"{budget.refusal}: lower the number of tasks or workers")
        if budget.clamped:
            log.info(
                f"Connection pools hold {budget.of_a_pool} each, of MLflow's own {MOST}: "
                f"{budget.words}"
            )
        return Observation(budget)
