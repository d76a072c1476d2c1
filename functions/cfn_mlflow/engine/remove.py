"""Remove a graph in reverse order: each resource after those that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfn_mlflow.engine.calls import Explain, call
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import NotKnown
from cfn_mlflow.engine.resource import Deletable, LeavesTraces, Observed, Retained, Superseding
from cfn_mlflow.outcome import Done, Outcome, TemporaryError, Waiting

Views = dict[int, Any]
"""The view of each owned resource, by the id of the Python object; None if it is absent."""


class Removal:
    """Removes the resources of a graph that are owned; what stays by choice is retained.

    It does not observe what it cannot delete: AWS deletes an attached object with its parent.
    """

    def __init__(self, graph: Graph, explain: Explain, *, with_superseded: bool = True) -> None:
        self._graph = graph
        self._explain = explain
        self._settled: set[int] = set()
        self._unasked = {id(node) for node in graph.wanted} if with_superseded else set()

    def step(self) -> Outcome:
        """Observe once every resource not gone yet, and remove those that nothing needs.

        Returns Done without attributes, or Waiting. Raises PermanentError.
        """
        waits: dict[str, str] = {}
        views = self._observe(waits)
        for node in reversed(list(self._left())):
            if id(node) not in views:
                continue
            view = views[id(node)]
            if view is not None and self._needed(node):
                continue
            try:
                state = self._advance(node, view)
            except TemporaryError as error:
                state = str(error)
            if state is None:
                self._settled.add(id(node))
            else:
                waits[node.label] = state
        if waits:
            return Waiting(waits)
        self._settled.clear()  # a second step observes again
        return Done({})

    def finds_any(self) -> bool:
        """Tell, without a change, whether anything owned is there. Raises TemporaryError."""
        waits: dict[str, str] = {}
        found = any(view is not None for view in self._observe(waits).values())
        if waits and not found:
            raise TemporaryError("; ".join(waits.values()))
        return found

    def _left(self) -> Iterator[Deletable[Any]]:
        """Yield the resources that may still exist, even those that are added meanwhile."""
        for node in self._graph.all():
            if isinstance(node, Deletable) and id(node) not in self._settled:
                yield node

    def _observe(self, waits: dict[str, str]) -> Views:
        """Observe what may still be there; what is not owned counts as absent.

        What stands on something absent is absent with it.
        """
        self._graph.forget()
        views: Views = {}
        unknown: set[int] = set()
        for node in self._left():
            try:
                found = self._call(node, node.observe)
                self._add_superseded(node)
            except NotKnown:
                found = None
                if any(id(need) in unknown for need in self._graph.needs(node)):
                    unknown.add(id(node))
                    continue
            except TemporaryError as error:
                unknown.add(id(node))
                waits[node.label] = str(error)
                continue
            views[id(node)] = found.view if found is not None and found.owned else None
            node.see(views[id(node)])
        return views

    def _add_superseded(self, node: Observed[Any]) -> None:
        """Add the older objects that an interrupted update has replaced and not removed."""
        if id(node) not in self._unasked or not isinstance(node, Superseding):
            return
        for superseded in self._call(node, node.superseded):
            self._graph.without(superseded, after=self._graph.needs(node))
        self._unasked.discard(id(node))

    def _needed(self, node: Observed[Any]) -> bool:
        return any(node in self._graph.needs(other) for other in self._left())

    def _advance(self, node: Deletable[Any], view: Any) -> str | None:
        """Remove a resource that nothing needs; return its state, or None once it is settled."""
        if view is not None:
            if isinstance(node, Retained) and self._call(node, node.retain, view):
                return None
            self._call(node, node.delete, view)
            if self._call(node, node.observe) is not None:
                return "deleting"
        if isinstance(node, LeavesTraces):
            self._call(node, node.after_removal)
        return None

    def _call(self, node: Observed[Any], method: Any, *args: Any) -> Any:
        return call(self._explain, node, method, *args)
