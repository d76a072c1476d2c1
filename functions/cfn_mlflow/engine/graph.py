"""The objects of one resource, in plain reading order, and what needs what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cfn_mlflow.engine.managed import ManagedObject, sources

Added = TypeVar("Added", bound=ManagedObject[Any])


@dataclass
class Graph:
    """Objects added in reading order: each after those that it needs."""

    wanted: list[ManagedObject[Any]] = field(default_factory=list)
    unwanted: list[ManagedObject[Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    """The resource's attributes: values or promises."""
    _after: dict[int, tuple[ManagedObject[Any], ...]] = field(default_factory=dict)
    _first: list[ManagedObject[Any]] = field(default_factory=list)

    def begin(self, managed: Added) -> Added:
        """Add an object that all later ones follow: made before them, removed after them."""
        self.add(managed)
        self._first.append(managed)
        return managed

    def add(self, managed: Added, *, after: tuple[ManagedObject[Any], ...] = ()) -> Added:
        """Add an object that is to be there, and return it.

        `after` names those it must follow though it takes no value of theirs.
        Raises ValueError if one that it needs is not in the graph yet.
        """
        needs = self._needs_of(managed, after)
        self._after[id(managed)] = needs
        self.wanted.append(managed)
        return managed

    def without(self, managed: Added, *, after: tuple[ManagedObject[Any], ...] = ()) -> Added:
        """Add an object that is to be absent: removed, if owned, once all the others serve."""
        self._after[id(managed)] = self._needs_of(managed, after)
        self.unwanted.append(managed)
        return managed

    def needs(self, managed: ManagedObject[Any]) -> tuple[ManagedObject[Any], ...]:
        """Return the objects that must serve before this one is made."""
        return self._after[id(managed)]

    def all(self) -> Iterator[ManagedObject[Any]]:
        """Yield every object, wanted or not, each after those it needs."""
        yield from self.wanted
        yield from self.unwanted

    def give(self, outputs: Mapping[str, Any]) -> None:
        """Add attributes: values, or promises on objects of the graph."""
        self.outputs.update(outputs)

    def _needs_of(
        self, managed: ManagedObject[Any], after: tuple[ManagedObject[Any], ...]
    ) -> tuple[ManagedObject[Any], ...]:
        needs = tuple({id(n): n for n in (*self._first, *sources(managed), *after)}.values())
        for need in needs:
            if id(need) not in self._after:
                raise ValueError(f"{managed.label} needs {need.label}, which is not added yet")
        return needs
