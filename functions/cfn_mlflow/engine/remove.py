"""Remove a graph: the same walk in reverse, each object after those that need it."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.outcome import Done, Outcome, TemporaryError, Waiting

from .calls import Explain, call
from .graph import Graph
from .managed import ManagedObject, NotKept, with_promises_kept


class Removal:
    """Removes the objects of a graph that are owned; what stays by choice is marked as left."""

    def __init__(self, graph: Graph, explain: Explain, *, with_superseded: bool = True) -> None:
        self._graph = graph
        self._explain = explain
        self._settled = self._along()
        self._unasked = {id(managed) for managed in graph.wanted} if with_superseded else set()

    def step(self) -> Outcome:
        """Look once at every object not gone yet, and remove those that nothing needs.

        Returns Done without attributes, or Waiting. Raises PermanentError.
        """
        waits: dict[str, str] = {}
        found = self._look(waits)
        for managed in reversed(list(self._graph.all())):
            if id(managed) not in found:
                continue
            known, view = found[id(managed)]
            if view is not None and self._needed(managed):
                continue
            try:
                state = self._advance(known, view)
            except TemporaryError as error:
                state = str(error)
            if state is None:
                self._settled.add(id(managed))
            else:
                waits[managed.label] = state
        if waits:
            return Waiting(waits)
        self._settled = self._along()  # a second step looks again
        return Done({})

    def finds_any(self) -> bool:
        """Tell, without a change, whether anything owned is there. Raises TemporaryError."""
        waits: dict[str, str] = {}
        found = any(view is not None for _, view in self._look(waits).values())
        if waits and not found:
            raise TemporaryError("; ".join(waits.values()))
        return found

    def _along(self) -> set[int]:
        return {id(managed) for managed in self._graph.all() if managed.goes_along}

    def _look(self, waits: dict[str, str]) -> dict[int, tuple[ManagedObject[Any], Any]]:
        """Read what may still be there; what is not owned counts as absent.

        What stands on something absent is absent with it.
        """
        views: dict[int, Any] = {}
        looks: dict[int, tuple[ManagedObject[Any], Any]] = {}
        unknown: set[int] = set()
        for managed in self._graph.all():
            if id(managed) in self._settled:
                continue
            try:
                known = with_promises_kept(managed, views, all_of_them=False)
                view = self._call(known, known.read)
                self._add_superseded(managed, known)
            except NotKept:
                known, view = managed, None
                if any(id(need) in unknown for need in self._graph.needs(managed)):
                    unknown.add(id(managed))
                    continue
            except TemporaryError as error:
                unknown.add(id(managed))
                waits[managed.label] = str(error)
                continue
            if view is not None and known.owned(view):
                views[id(managed)] = view
            looks[id(managed)] = known, views.get(id(managed))
        return looks

    def _add_superseded(self, managed: ManagedObject[Any], known: ManagedObject[Any]) -> None:
        """Add what an update that was cut off has replaced and not removed."""
        if id(managed) not in self._unasked:
            return
        for superseded in self._call(known, known.superseded):
            self._graph.without(superseded, after=self._graph.needs(managed))
        self._unasked.discard(id(managed))

    def _needed(self, managed: ManagedObject[Any]) -> bool:
        return any(
            managed in self._graph.needs(other)
            for other in self._graph.all()
            if id(other) not in self._settled
        )

    def _advance(self, known: ManagedObject[Any], view: Any) -> str | None:
        """Remove an object that nothing needs; return its state, or None once it is settled."""
        if view is None:
            self._call(known, known.after_removal)
            return None
        if self._call(known, known.left, view):
            return None
        self._call(known, known.delete, view)
        if self._call(known, known.read) is not None:
            return "deleting"
        self._call(known, known.after_removal)
        return None

    def _call(self, managed: ManagedObject[Any], method: Any, *args: Any) -> Any:
        return call(self._explain, managed, method, *args)
