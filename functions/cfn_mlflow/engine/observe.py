"""Observe a graph: its attributes as they stand, with nothing made, changed or removed."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.outcome import Done, Outcome, PermanentError, TemporaryError, Waiting

from .calls import Explain, call
from .graph import Graph
from .managed import ManagedObject, NotKept, kept, sources, with_promises_kept


class Observation:
    """Reads what the attributes of a graph rest on, each object after those that it needs."""

    def __init__(self, graph: Graph, explain: Explain) -> None:
        self._graph = graph
        self._explain = explain
        self._views: dict[int, Any] = {}
        self._read: set[int] = set()
        self._asked = {id(managed) for managed in _rested_on(graph.outputs)}

    def step(self) -> Outcome:
        """Look once at every object that was not read yet.

        Returns Done with the attributes, or Waiting. Raises PermanentError if one is not to be
        had, for what it rests on is not there.
        """
        waits: dict[str, str] = {}
        for managed in self._graph.wanted:
            if id(managed) in self._asked - self._read:
                self._look(managed, waits)
        if waits:
            return Waiting(waits)
        try:
            outputs = sorted(self._graph.outputs.items())
            return Done({key: str(kept(value, self._views)) for key, value in outputs})
        except NotKept as missing:
            raise PermanentError(
                f"{missing} is not there, so the attributes cannot be told. Correct what the "
                f"resource names, then deploy again"
            ) from None

    def _look(self, managed: ManagedObject[Any], waits: dict[str, str]) -> None:
        try:
            known = with_promises_kept(managed, self._views, all_of_them=True)
            view = call(self._explain, known, known.read)
        except NotKept:
            return
        except TemporaryError as error:
            waits[managed.label] = str(error)
            return
        self._read.add(id(managed))
        if view is not None and known.owned(view):
            self._views[id(managed)] = view


def _rested_on(value: object) -> list[ManagedObject[Any]]:
    """Return every object that a value rests on, and those that these rest on."""
    found: dict[int, ManagedObject[Any]] = {}
    left = list(sources(value))
    while left:
        managed = left.pop()
        if id(managed) not in found:
            found[id(managed)] = managed
            left.extend(sources(managed))
    return list(found.values())
