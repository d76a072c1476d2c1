"""A rollback may ask for what an Update may not: it passes where the same Update is refused.

CloudFormation's event tells no rollback. So the stack is asked, but only where it matters. Refused
like the Update, the rollback would leave the stack in UPDATE_ROLLBACK_FAILED.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cfn_mlflow.aws.cloudformation.rollback import is_rolling_back
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.cloudformation.serve import Step
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.observe import AsItStands
from cfn_mlflow.outcome import FaultsError, NotShared, Outcome, PermanentError
from cfn_mlflow.runtime.log import log

Refusal = TypeVar("Refusal", bound=FaultsError)


def unless_rolling_back(
    stack_id: str, update: Step, refusal: type[Refusal], rollback: Callable[[Refusal], Step]
) -> Step:
    """Return the step of an Update. Once `update` is refused so, a rollback takes `rollback`.

    The step raises the refusal where the stack is not rolling back, and where nobody can tell.
    """
    taken: Step | None = None

    def step() -> Outcome:
        nonlocal taken
        if taken is None:
            try:
                return update()
            except refusal as refused:
                if not _rolls_back(stack_id, refused):
                    raise
                taken = rollback(refused)
        return taken()

    return step


def observed_if_unshared(graph: Graph, stack_id: str, converge: Step) -> Step:
    """Return the step of an Update whose rollback may name what is no longer shared.

    It changes nothing then: the owner need not share for ever.
    """

    def observe(refused: NotShared) -> Step:
        log.warning(f"The rollback leaves the resource as it runs: {refused}")
        return AsItStands(graph, explain).step

    return unless_rolling_back(stack_id, converge, NotShared, observe)


def _rolls_back(stack_id: str, refused: FaultsError) -> bool:
    try:
        return is_rolling_back(stack_id)
    except Exception as error:
        found = explain("the stack", error)
        raise (refused if isinstance(found, PermanentError) else found) from error
