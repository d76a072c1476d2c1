"""Converge a graph: observe each resource, and change it by one step towards what is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from cfn_mlflow.engine.calls import NOT_VISIBLE, Explain, call
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import known
from cfn_mlflow.engine.patience import NO_TAGS, Patience
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.engine.resource import (
    Creatable,
    HoldsData,
    Named,
    Observation,
    Observed,
    ObservedFirst,
    Superseding,
    Updatable,
)
from cfn_mlflow.outcome import (
    Cause,
    Done,
    NotShared,
    Outcome,
    OutdatedError,
    PermanentError,
    RefusedChanges,
    TemporaryError,
    Waiting,
)
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.progress import Wait

Found = Observation[Any]
Node = Observed[Any]


class Convergence:
    """Brings the resources of a graph to what is asked; independent ones move side by side.

    A Convergence remembers nothing that could not be read again. It does not observe a resource
    again once that is ready. A new one, in another process, comes to the same result. `waited` has
    what an earlier one waited for, by the labels.
    """

    def __init__(
        self,
        graph: Graph,
        explain: Explain,
        *,
        served_before: bool = False,
        waited: Mapping[str, Wait] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        graph.forget()
        self._graph = graph
        self._explain = explain
        self._served_before = served_before
        self._serve: set[int] = set()
        self._first_look: dict[int, Found | None] = {}
        self._patience = Patience(now)
        self._patience.resume(graph.wanted, waited or {})
        self._refused = False
        self._cleaning: Removal | None = None

    def step(self) -> Outcome:
        """Observe every resource that is not ready yet once, and create or change it.

        Returns Done with the attributes, or Waiting. Raises PermanentError if the request cannot
        succeed, and OutdatedError if a new graph has to be made.
        """
        waits: dict[str, str] = {}
        if not self._refused:
            self._refuse(waits)
            if waits:
                return Waiting(waits)
            self._refused = True
        for node in self._graph.wanted:
            if id(node) in self._serve:
                continue
            if all(id(need) in self._serve for need in self._graph.needs(node)):
                self._move(node, waits)
        self._first_look.clear()
        if waits:
            return Waiting(waits)
        return self._clean()

    def refusals(self) -> tuple[Cause, ...]:
        """Return the refused parts of the request, without any change. Raises TemporaryError."""
        waits: dict[str, str] = {}
        try:
            self._refuse(waits)
        except RefusedChanges as refused:
            return refused.causes
        if waits:
            raise TemporaryError("; ".join(waits.values()))
        return ()

    def _refuse(self, waits: dict[str, str]) -> None:
        """Refuse, before any change, what would lose data or belongs to somebody else.

        A resource that cannot be observed adds a fault too.
        """
        causes: list[Cause] = []
        refused: type[RefusedChanges] = NotShared
        for node in self._graph.wanted:
            if not isinstance(node, ObservedFirst):
                continue
            try:
                found = self._refusals_of(node, waits)
            except PermanentError as error:
                found = (Cause(error.reason, error.words),)
            causes.extend(found)
            if found and not isinstance(node, Named):
                refused = RefusedChanges
        if causes and not waits:
            raise refused(tuple(dict.fromkeys(causes)))

    def _refusals_of(self, node: Node, waits: dict[str, str]) -> tuple[Cause, ...]:
        """Return what it refuses. What an earlier invocation created may not be ready to tell."""
        try:
            found = self._first_look[id(node)] = self._call(node, node.observe)
        except (TemporaryError, PermanentError) as error:
            waits[node.label] = self._patience.bear(node, (), error)
            return ()
        if found is not None:
            if found.unmarked and self._patience.waits_for_its_tags(node):
                waits[node.label] = NO_TAGS
                return ()
            return (found.conflict,) if found.conflict else found.refused
        if isinstance(node, HoldsData) and self._served_before:
            words = (
                f"{node.label}: it is gone, and another would be empty. Restore it with its "
                f"name and tags, or delete this resource and make a new one"
            )
            return (Cause(Reason.DataGone, words),)
        return ()

    def _move(self, node: Node, waits: dict[str, str]) -> None:
        try:
            found, state = self._advance(node)
        except OutdatedError:
            raise
        except (TemporaryError, PermanentError) as error:
            waits[node.label] = self._patience.bear(node, self._graph.built_on(node), error)
        else:
            if found is not None:
                self._patience.known(node)
            if found is None or state:
                waits[node.label] = state
            else:
                node.see(found.view)
                self._serve.add(id(node))

    def _advance(self, node: Node) -> tuple[Found | None, str]:
        """Return the observation and the state, which is empty once the resource is ready."""
        found = self._observe(node)
        if found is None:
            if self._patience.waits_for_its_creation(node):
                return None, NOT_VISIBLE
            if not isinstance(node, Creatable):
                raise PermanentError(Reason.NotFound, f"{node.label}: it is gone. Deploy again")
            self._call(node, node.create)
            self._patience.created(node)
            found = self._observe(node)
            if found is None:
                return None, NOT_VISIBLE
        if found.conflict:
            if found.unmarked and self._patience.waits_for_its_tags(node):
                return found, NO_TAGS
            raise PermanentError(found.conflict.reason, found.conflict.words)
        self._patience.seen(node)
        found = self._call(node, node.compare, found)
        if found.busy or not found.differs:
            return found, found.busy or found.not_ready
        return self._change(node, found)

    def _observe(self, node: Node) -> Found | None:
        if id(node) in self._first_look:
            return self._first_look.pop(id(node))
        found: Found | None = self._call(node, node.observe)
        return found

    def _change(self, node: Node, found: Found) -> tuple[Found | None, str]:
        updating = f"updating {', '.join(found.differs)}"
        if self._patience.waits_for_its_update(node, found.differs):
            return found, updating
        if not isinstance(node, Updatable):
            raise PermanentError(
                Reason.ChangeRefused,
                f"{node.label}: {', '.join(found.differs)} not as asked, and it cannot be changed "
                f"in place. Remove it, then deploy again",
            )
        self._call(node, node.update, found)
        self._patience.updated(node)
        again = self._observe(node)
        if again is None:
            return None, updating
        again = self._call(node, node.compare, again)
        return again, again.busy or (updating if again.differs else again.not_ready)

    def _clean(self) -> Outcome:
        """Remove replaced and unwanted objects, then return the attributes."""
        if self._cleaning is None:
            superseded = (
                self._call(node, node.superseded)
                for node in self._graph.wanted
                if isinstance(node, Superseding)
            )
            old = Graph.of_old([*self._graph.unwanted, *chain.from_iterable(superseded)])
            self._cleaning = Removal(old, self._explain, with_superseded=False)
        outcome = self._cleaning.step()
        if isinstance(outcome, Waiting):
            return outcome
        outputs = sorted(self._graph.outputs.items())
        return Done({key: str(known(value)) for key, value in outputs})

    def _call(self, node: Node, method: Any, *args: Any) -> Any:
        return call(self._explain, node, method, *args)
