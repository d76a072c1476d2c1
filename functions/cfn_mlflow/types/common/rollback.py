"""Let a rollback pass that would be refused as an Update.

A refused rollback would leave its stack in UPDATE_ROLLBACK_FAILED. The event of a rollback looks
like that of any Update. So the stack's status is read, but only after an Update was refused.
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
    """Return the step of an Update, which is `update` until it raises `refusal`.

    If the stack is rolling back by then, the step from `rollback` replaces it. If it is not, or if
    CloudFormation refuses to say, the step raises the refusal. It raises TemporaryError if
    CloudFormation cannot say now.
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
    """Return the step of an Update whose rollback may name objects that are no longer shared.

    Such a rollback changes nothing. So an owner may stop sharing at any time.
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
