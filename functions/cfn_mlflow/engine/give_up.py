"""Give a graph up after a failed request: undo what must not outlast the failure."""

from __future__ import annotations

from cfn_mlflow.engine.calls import Explain, call
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import NotKnown
from cfn_mlflow.engine.resource import Undone
from cfn_mlflow.outcome import TemporaryError


def give_up(graph: Graph, explain: Explain) -> None:
    """Call `give_up` of each resource in reverse order, even if some of the calls fail.

    Raises one of the errors at the end. It is a TemporaryError only if all of them are.
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
