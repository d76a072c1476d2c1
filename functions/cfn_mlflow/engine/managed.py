"""The former port, on its way out: what is written for it meets the contract of `resource.py`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, ClassVar, TypeVar, cast

from cfn_mlflow.engine.output import NotKnown, Output, sources
from cfn_mlflow.engine.resource import (
    Creatable,
    Deletable,
    Observation,
    Observed,
    View,
    ownership_conflict,
)

Value = TypeVar("Value")


class Port(Observed[View]):
    """A resource whose observation is made of several methods, and whose fields are promises."""

    reads_by: ClassVar[tuple[str, ...]] = ()
    """Fields that may be promises and that `read` cannot do without."""

    @abstractmethod
    def read(self) -> View | None:
        """Return what is there now, or None if nothing is."""

    def owned(self, view: View) -> bool:
        """Tell whether it is this resource's own; a part of something owned is owned."""
        del view
        return True

    def unmarked(self, view: View) -> bool:
        """Tell whether nothing tells yet whose it is."""
        del view
        return False

    def taken(self, view: View) -> str:
        """Tell, in one sentence and the next step, that what is there is not this resource's."""
        del view
        return ownership_conflict(self.label)

    def refusals(self, view: View) -> tuple[str, ...]:
        """Name what is asked and cannot be had without losing data: nothing is changed then."""
        del view
        return ()

    def busy(self, view: View) -> str | None:
        """Tell the state in which it takes no change, or None."""
        del view
        return None

    def changes(self, view: View) -> tuple[str, ...]:
        """Name what differs from what is asked, among what is ours to set."""
        del view
        return ()

    def update(self, view: View) -> None:
        """Change what `changes` named. Called only when it named something."""
        raise NotImplementedError(f"{self.label} cannot be changed in place")

    def settling(self, view: View) -> str | None:
        """Tell what is still to happen before it serves, or None when it does."""
        del view
        return None

    def observe(self) -> Observation[View] | None:
        """Read it, and tell whose it is."""
        view = self.read()
        if view is None:
            return None
        if not self.owned(view):
            return Observation(view, conflict=self.taken(view), unmarked=self.unmarked(view))
        return Observation(view, refused=self.refusals(view))

    def compare(self, found: Observation[View]) -> Observation[View]:
        """Tell what is busy, else what differs, else what is not ready."""
        busy = self.busy(found.view)
        if busy is not None:
            return replace(found, busy=busy)
        differs = self.changes(found.view)
        if differs:
            return replace(found, differs=differs)
        return replace(found, not_ready=self.settling(found.view) or "")


class ManagedObject(Port[View], Creatable[View], Deletable[View]):
    """One that is made and removed."""


def resolved(node: Observed[Any]) -> Observed[Any]:
    """Return the resource with its promises kept, but for those that `read` does without."""
    if not isinstance(node, Port):
        return node
    values = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if next(sources(value), None) is None:
            continue
        try:
            values[field.name] = _kept(value)
        except NotKnown:
            if field.name in node.reads_by:
                raise
    return replace(node, **values) if values else node


def later(source: Observed[View], keep: Callable[[View], Value]) -> Value:
    """Promise a value of another object's view; it stands where the value itself would."""
    return cast(Value, source.output(keep))


def derive(keep: Callable[..., Value], *values: object) -> Value:
    """Promise a value made of others, promises among them; without any, return it at once."""
    rests_on = [*sources(values), *(value for value in values if isinstance(value, Observed))]
    if not rests_on:
        return keep(*values)
    return cast(Value, Output(rests_on, lambda: keep(*map(_kept, values))))


def _kept(value: Any) -> Any:
    if isinstance(value, Output):
        return value.value
    if isinstance(value, Observed):
        return value.last_view()
    if isinstance(value, tuple):
        return tuple(map(_kept, value))
    if isinstance(value, list):
        return [*map(_kept, value)]
    if isinstance(value, dict):
        return {key: _kept(item) for key, item in value.items()}
    return value
