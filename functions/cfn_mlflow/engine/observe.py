"""Observe a graph and return its attributes, without any change."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.engine.calls import Explain, call
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import NotKnown, known, sources
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting
from cfn_mlflow.reason import Reason


class AsItStands:
    """Reads the resources from which the attributes of a graph come."""

    def __init__(self, graph: Graph, explain: Explain) -> None:
        graph.forget()
        self._graph = graph
        self._explain = explain
        self._observed: set[int] = set()
        self._asked = {id(node) for node in _rested_on(graph.outputs)}

    def step(self) -> Outcome:
        """Observe once every resource that was not observed yet.

        Returns Done with the attributes, or Waiting. Raises PermanentError if a resource for an
        attribute does not exist.
        """
        waits: dict[str, str] = {}
        for node in self._graph.wanted:
            if id(node) in self._asked - self._observed:
                self._observe(node, waits)
        if waits:
            return Waiting(waits)
        try:
            outputs = sorted(self._graph.outputs.items())
            return Done({key: str(known(value)) for key, value in outputs})
        except NotKnown as missing:
            raise PermanentError(
                Reason.NotFound,
                f"{missing} is not there, so the attributes cannot be read. Correct what the "
                f"resource names, then deploy again",
            ) from None

    def _observe(self, node: Observed[Any], waits: dict[str, str]) -> None:
        try:
            found = call(self._explain, node, node.observe)
        except NotKnown:
            return
        except TemporaryError as error:
            waits[node.label] = str(error)
            return
        self._observed.add(id(node))
        if found is not None and found.owned:
            node.see(found.view)


def _rested_on(value: object) -> list[Observed[Any]]:
    """Return every resource from which a value comes, directly or through others."""
    found: dict[int, Observed[Any]] = {}
    left = list(sources(value))
    while left:
        node = left.pop()
        if id(node) not in found:
            found[id(node)] = node
            left.extend(sources(node))
    return list(found.values())
