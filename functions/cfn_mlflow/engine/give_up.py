"""Give a graph up: what must not outlast its failure is undone, all else stays as it is."""

from __future__ import annotations

from cfn_mlflow.engine.calls import Explain, call
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import NotKnown
from cfn_mlflow.engine.resource import Undone
from cfn_mlflow.outcome import TemporaryError


def give_up(graph: Graph, explain: Explain) -> None:
    """Let each resource undo what must not stay, in reverse; one that cannot keeps none from it.

    Raises at the end what kept one from it: TemporaryError only if all may pass.
    """
    graph.forget()
    errors: list[Exception] = []
    for node in reversed(graph.wanted):
        if not isinstance(node, Undone):
            continue
        try:
            call(explain, node, node.give_up)
        except NotKnown:
            continue
        except Exception as error:
            errors.append(error)
    if errors:
        raise min(errors, key=lambda one: isinstance(one, TemporaryError))
