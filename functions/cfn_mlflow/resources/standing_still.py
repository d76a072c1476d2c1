"""A rollback to properties that name what is not shared: it passes, and changes nothing.

An Update that names such things is refused before it changes anything. Its rollback asks for the
properties of before, which may name them too, for the owner need not share for ever. Refused like
the Update, it would leave the stack in UPDATE_ROLLBACK_FAILED.
"""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation_rollback import is_rolling_back
from cfn_mlflow.aws.errors import explain
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.observe import Observation
from cfn_mlflow.outcome import FaultsError, NotShared, Outcome, PermanentError
from cfn_mlflow.protocol.serve import Step
from cfn_mlflow.tell import warn


def standing_still(graph: Graph, stack_id: str, converge: Step, *, again: bool) -> Step:
    """Return the step of a request: an Update, asked `again`, may be such a rollback."""
    observation: Observation | None = None

    def step() -> Outcome:
        nonlocal observation
        if observation is None:
            try:
                return converge()
            except NotShared as refused:
                if not again or not rolls_back(stack_id, refused):
                    raise
                warn(f"The rollback leaves the resource as it runs: {refused}")
                observation = Observation(graph, explain)
        return observation.step()

    return step


def rolls_back(stack_id: str, refused: FaultsError) -> bool:
    """Tell whether a refused Update is a rollback. Raises the refusal where nobody can tell."""
    try:
        return is_rolling_back(stack_id)
    except Exception as error:
        found = explain("the stack", error)
        raise (refused if isinstance(found, PermanentError) else found) from error
