"""Give a graph up: what must not outlast its failure is undone, all else stays as it is."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.outcome import TemporaryError

from .calls import Explain, call
from .graph import Graph
from .managed import ManagedObject, NotKept, with_promises_kept


def give_up(graph: Graph, explain: Explain) -> None:
    """Let each object undo what must not stay, in reverse; one that cannot keeps none from it.

    Raises at the end what kept one from it: TemporaryError only if all may pass.
    """
    errors: list[Exception] = []
    for managed in reversed(graph.wanted):
        if type(managed).give_up is ManagedObject.give_up:
            continue
        try:
            known: ManagedObject[Any] = with_promises_kept(managed, {}, all_of_them=False)
            call(explain, known, known.give_up)
        except NotKept:
            continue
        except Exception as error:
            errors.append(error)
    if errors:
        raise min(errors, key=lambda one: isinstance(one, TemporaryError))
