"""The graph: the resources of one request, each with the resources that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cfn_mlflow.engine.output import sources
from cfn_mlflow.engine.resource import Deletable, Observed

Added = TypeVar("Added", bound=Observed[Any])
Removed = TypeVar("Removed", bound=Deletable[Any])


@dataclass
class Graph:
    """Resources added in reading order: each after those that it needs."""

    wanted: list[Observed[Any]] = field(default_factory=list)
    unwanted: list[Deletable[Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    """The attributes of the request's resource, as values or outputs."""
    _after: dict[int, tuple[Observed[Any], ...]] = field(default_factory=dict)
    _first: list[Observed[Any]] = field(default_factory=list)

    @classmethod
    def of_old(cls, nodes: Iterable[Deletable[Any]]) -> Graph:
        """Return a graph of resources to remove, none of which needs another."""
        graph = cls()
        for node in nodes:
            graph._after[id(node)] = ()
            graph.unwanted.append(node)
        return graph

    def begin(self, node: Added) -> Added:
        """Add a resource that all later ones follow: made before them, removed after them."""
        self.add(node)
        self._first.append(node)
        return node

    def add(self, node: Added, *, after: tuple[Observed[Any], ...] = ()) -> Added:
        """Add a wanted resource, and return it.

        It follows the resources in `after` even if it has no output of theirs. Raises ValueError if
        the graph does not have a resource that it needs yet.
        """
        self._after[id(node)] = self._needs_of(node, after)
        self.wanted.append(node)
        return node

    def without(self, node: Removed, *, after: tuple[Observed[Any], ...] = ()) -> Removed:
        """Add an unwanted resource. If it is owned, it is removed once all others are ready."""
        self._after[id(node)] = self._needs_of(node, after)
        self.unwanted.append(node)
        return node

    def needs(self, node: Observed[Any]) -> tuple[Observed[Any], ...]:
        """Return the resources that must be ready before this one is made."""
        return self._after[id(node)]

    def built_on(self, node: Observed[Any]) -> tuple[Observed[Any], ...]:
        """Return those of its needs that it has of its own, without those that begin the graph."""
        return tuple(need for need in self._after[id(node)] if need not in self._first)

    def all(self) -> Iterator[Observed[Any]]:
        """Yield every resource, wanted or not, each after those it needs."""
        yield from self.wanted
        yield from self.unwanted

    def forget(self) -> None:
        """Forget every observed view, so that no output is known."""
        for node in self.all():
            node.see(None)

    def give(self, outputs: Mapping[str, Any]) -> None:
        """Add attributes: values, or outputs of resources of the graph."""
        self.outputs.update(outputs)

    def _needs_of(
        self, node: Observed[Any], after: tuple[Observed[Any], ...]
    ) -> tuple[Observed[Any], ...]:
        needs = tuple({id(n): n for n in (*self._first, *sources(node), *after)}.values())
        for need in needs:
            if id(need) not in self._after:
                raise ValueError(f"{node.label} needs {need.label}, which is not added yet")
        return needs
