"""The port that every managed object implements, and promises between objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Generic, TypeVar, cast

View = TypeVar("View")
Value = TypeVar("Value")


class ManagedObject(ABC, Generic[View]):
    """One thing in the world that a resource is made of; subclasses are frozen dataclasses.

    Its fields are what is asked. A field may be a promise (`later`) on what another object turns
    out to be: it is kept before any method runs. `View` is what was last read of the object.
    Every method may raise TemporaryError (look again) or PermanentError (give up, and say why).
    """

    words: ClassVar[str]
    """What people call it, in lower case: `database cluster`."""

    reads_by: ClassVar[tuple[str, ...]] = ()
    """Fields that may be promises and that `read` cannot do without."""

    holds_data: ClassVar[bool] = False
    """Made anew it would be empty: once it has served, its absence is a failure."""

    is_named: ClassVar[bool] = False
    """It is not the resource's: a property names it, and its owner says who may use it."""

    goes_along: ClassVar[bool] = False
    """It goes, or stays, with an object that it needs: a removal does not look at it."""

    @property
    def label(self) -> str:
        """What this one is called where there are several of a kind."""
        return self.words

    @abstractmethod
    def read(self) -> View | None:
        """Return what is there now, or None if nothing is."""

    @abstractmethod
    def create(self) -> None:
        """Begin to make it. Called only when `read` found nothing."""

    @abstractmethod
    def delete(self, view: View) -> None:
        """Begin to remove it. Called only on what is owned."""

    def update(self, view: View) -> None:
        """Change what `changes` named. Called only when it named something."""
        raise NotImplementedError(f"{self.label} cannot be changed in place")

    def owned(self, view: View) -> bool:
        """Tell whether it is this resource's own; a part of something owned is owned."""
        del view
        return True

    def taken(self, view: View) -> str:
        """Tell, in one sentence and the next step, that what is there is not this resource's."""
        del view
        return (
            f"{self.label} is there already and belongs to somebody else; it is left as it is. "
            f"Remove or rename it, then deploy again"
        )

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

    def settling(self, view: View) -> str | None:
        """Tell what is still to happen before it serves, or None when it does."""
        del view
        return None

    def superseded(self) -> Sequence[ManagedObject[Any]]:
        """Return the older objects that this one, now serving, has replaced.

        A removal asks too, for what an update that was cut off has left: then no promise is kept
        but those of `reads_by`.
        """
        return ()

    def give_up(self) -> None:
        """Undo what must not outlast a failure of the whole resource.

        Called, perhaps again and again, when the resource could not be made as asked: what was
        stopped runs again, what was only lent is given back. No promise is kept but those of
        `reads_by`, and nothing is waited for.
        """

    def left(self, view: View) -> bool:
        """Tell whether it stays when the resource goes; if so, mark it as left."""
        del view
        return False

    def after_removal(self) -> None:
        """Do what is to be done once it is gone, such as to mark what it leaves.

        A removal calls it whenever it finds nothing: so it may be called again.
        """


@dataclass(frozen=True)
class Promise:
    """A value that is known once its sources have been read."""

    sources: tuple[Any, ...]
    keep: Callable[..., Any]


def later(source: ManagedObject[View], keep: Callable[[View], Value]) -> Value:
    """Promise a value of another object's view; it stands where the value itself would."""
    return cast(Value, Promise((source,), keep))


def derive(keep: Callable[..., Value], *values: object) -> Value:
    """Promise a value made of others, promises among them; without any, return it at once."""
    promise = Promise(values, keep)
    return keep(*values) if next(sources(promise), None) is None else cast(Value, promise)


class NotKept(Exception):  # noqa: N818 - a state, not an error
    """A promise rests on an object that has not been read yet, or is not there."""


Views = Mapping[int, Any]
"""What was last read of each object, by the object's id."""


def kept(value: Any, views: Views) -> Any:
    """Return the value with every promise in it kept. Raises NotKept if one cannot be."""
    if isinstance(value, Promise):
        return value.keep(*(_source(source, views) for source in value.sources))
    if isinstance(value, tuple):
        return tuple(kept(item, views) for item in value)
    if isinstance(value, list):
        return [kept(item, views) for item in value]
    if isinstance(value, dict):
        return {key: kept(item, views) for key, item in value.items()}
    return value


def _source(source: object, views: Views) -> Any:
    if not isinstance(source, ManagedObject):
        return kept(source, views)
    view = views.get(id(source))
    if view is None:
        raise NotKept(source.label)
    return view


def sources(value: object) -> Iterator[ManagedObject[Any]]:
    """Yield every object that promises in the value, or in an object's fields, rest on."""
    if isinstance(value, Promise):
        for source in value.sources:
            if isinstance(source, ManagedObject):
                yield source
            else:
                yield from sources(source)
    elif isinstance(value, ManagedObject):
        for field in fields(cast(Any, value)):
            yield from sources(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from sources(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from sources(item)


Kept = TypeVar("Kept", bound=ManagedObject[Any])


def with_promises_kept(managed: Kept, views: Views, *, all_of_them: bool) -> Kept:
    """Return the object with its promises kept: all of them, or those that can be.

    Raises NotKept if one that is needed cannot be: any, or one of those that `read` stands on.
    """
    values = {}
    for field in fields(cast(Any, managed)):
        value = getattr(managed, field.name)
        if next(sources(value), None) is None:
            continue
        try:
            values[field.name] = kept(value, views)
        except NotKept:
            if all_of_them or field.name in managed.reads_by:
                raise
    return cast(Kept, replace(cast(Any, managed), **values)) if values else managed
