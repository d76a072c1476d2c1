"""Converge a graph: look at each object, and move it one step towards what is asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cfn_mlflow.outcome import (
    Done,
    NotShared,
    Outcome,
    OutdatedError,
    PermanentError,
    RefusedChanges,
    TemporaryError,
    Waiting,
)

from .calls import Explain, call
from .graph import Graph
from .managed import ManagedObject, kept, with_promises_kept
from .remove import Removal

UPDATES_THAT_HELP = 5
"""An object that still differs after so many updates always will."""


class Convergence:
    """Brings the objects of a graph to what is asked; independent ones move side by side.

    Nothing is remembered that could not be read again: an object that serves is not read twice
    by one Convergence, and a new one, in another process, ends in the same place.
    """

    def __init__(self, graph: Graph, explain: Explain, *, served_before: bool = False) -> None:
        self._graph = graph
        self._explain = explain
        self._served_before = served_before
        self._views: dict[int, Any] = {}
        self._first_look: dict[int, Any] = {}
        self._updates: Counter[int] = Counter()
        self._patience: Counter[int] = Counter()
        self._refused = False
        self._cleaning: Removal | None = None

    def step(self) -> Outcome:
        """Look once at every object that does not serve yet, and move it.

        Returns Done with the attributes, or Waiting. Raises PermanentError when it cannot be, and
        OutdatedError when another graph is to be made.
        """
        waits: dict[str, str] = {}
        if not self._refused:
            self._refuse(waits)
            if waits:
                return Waiting(waits)
            self._refused = True
        for managed in self._graph.wanted:
            if id(managed) in self._views:
                continue
            if all(id(need) in self._views for need in self._graph.needs(managed)):
                self._move(managed, waits)
        self._first_look.clear()
        if waits:
            return Waiting(waits)
        return self._clean()

    def refusals(self) -> tuple[str, ...]:
        """Return, without a change, what is asked and refused. Raises TemporaryError."""
        waits: dict[str, str] = {}
        try:
            self._refuse(waits)
        except RefusedChanges as refused:
            return refused.faults
        if waits:
            raise TemporaryError("; ".join(waits.values()))
        return ()

    def _refuse(self, waits: dict[str, str]) -> None:
        """Refuse, before anything changes, what would lose data or is somebody else's.

        What cannot be looked at at all is told beside that.
        """
        faults: list[str] = []
        refused: type[RefusedChanges] = NotShared
        for managed in self._graph.wanted:
            if type(managed).refusals is ManagedObject.refusals and not managed.holds_data:
                continue
            try:
                found = self._refusals_of(managed)
            except TemporaryError as error:
                waits[managed.label] = str(error)
                continue
            except PermanentError as error:
                found = (str(error),)
            faults.extend(found)
            if found and not managed.is_named:
                refused = RefusedChanges
        if faults and not waits:
            raise refused(tuple(dict.fromkeys(faults)))

    def _refusals_of(self, managed: ManagedObject[Any]) -> tuple[str, ...]:
        view = self._first_look[id(managed)] = self._call(managed, managed.read)
        if view is not None:
            if not managed.owned(view):
                return (managed.taken(view),)
            refusals: tuple[str, ...] = self._call(managed, managed.refusals, view)
            return refusals
        if managed.holds_data and self._served_before:
            return (
                f"{managed.label}: it is gone, and another would be empty. Restore it with its "
                f"name and tags, or delete this resource and make a new one",
            )
        return ()

    def _move(self, managed: ManagedObject[Any], waits: dict[str, str]) -> None:
        asked = with_promises_kept(managed, self._views, all_of_them=True)
        try:
            view, state = self._advance(managed, asked)
        except OutdatedError:
            raise
        except TemporaryError as error:
            waits[managed.label] = str(error)
            return
        if state is None:
            self._views[id(managed)] = view
        else:
            waits[managed.label] = state

    def _advance(
        self, managed: ManagedObject[Any], asked: ManagedObject[Any]
    ) -> tuple[Any, str | None]:
        view = self._look(managed, asked)
        if view is None:
            self._call(asked, asked.create)
            view = self._call(asked, asked.read)
            if view is None:
                return None, "creating"
        self._check_owner(asked, view)
        state = self._call(asked, asked.busy, view)
        if state is not None:
            return view, state
        differs = self._call(asked, asked.changes, view)
        if differs:
            return self._change(managed, asked, view, differs)
        return view, self._call(asked, asked.settling, view)

    def _look(self, managed: ManagedObject[Any], asked: ManagedObject[Any]) -> Any:
        if id(managed) in self._first_look:
            return self._first_look.pop(id(managed))
        return self._call(asked, asked.read)

    def _change(
        self,
        managed: ManagedObject[Any],
        asked: ManagedObject[Any],
        view: Any,
        differs: tuple[str, ...],
    ) -> tuple[Any, str | None]:
        updating = f"updating {', '.join(differs)}"
        if self._patience[id(managed)]:
            self._patience[id(managed)] -= 1
            return view, updating
        if self._updates[id(managed)] == UPDATES_THAT_HELP:
            raise PermanentError(
                f"{asked.label}: {', '.join(differs)} still not as asked after "
                f"{UPDATES_THAT_HELP} updates"
            )
        self._call(asked, asked.update, view)
        # AWS may take a while to show what it was told: each update gets more looks to show.
        self._patience[id(managed)] = 2 ** self._updates[id(managed)]
        self._updates[id(managed)] += 1
        view = self._call(asked, asked.read)
        if view is None:
            return None, updating
        state = self._call(asked, asked.busy, view)
        if state is None and self._call(asked, asked.changes, view):
            state = updating
        return view, state or self._call(asked, asked.settling, view)

    def _clean(self) -> Outcome:
        """Remove what this graph has replaced or no longer wants, then answer."""
        if self._cleaning is None:
            old = Graph()
            for managed in self._graph.unwanted:
                old.add(self._settled(managed))
            for managed in self._graph.wanted:
                asked = self._settled(managed)
                for superseded in self._call(asked, asked.superseded):
                    old.add(superseded)
            self._cleaning = Removal(old, self._explain, with_superseded=False)
        outcome = self._cleaning.step()
        if isinstance(outcome, Waiting):
            return outcome
        return Done({key: str(kept(value, self._views)) for key, value in self._outputs()})

    def _outputs(self) -> list[tuple[str, Any]]:
        return sorted(self._graph.outputs.items())

    def _settled(self, managed: ManagedObject[Any]) -> ManagedObject[Any]:
        return with_promises_kept(managed, self._views, all_of_them=True)

    def _check_owner(self, managed: ManagedObject[Any], view: Any) -> None:
        if not managed.owned(view):
            raise PermanentError(managed.taken(view))

    def _call(self, managed: ManagedObject[Any], method: Any, *args: Any) -> Any:
        return call(self._explain, managed, method, *args)
