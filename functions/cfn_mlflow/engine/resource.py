"""The contract between the engine and what it makes real: what a graph holds, and what it can do.

A resource says what it can do by the classes it inherits; the engine asks with `isinstance`.
Four verbs change or read the world: observe, create, update, delete. A mix-in adds what few need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

from cfn_mlflow.engine.output import NotKnown, Output, Seen

View = TypeVar("View")
T = TypeVar("T")


@dataclass(frozen=True)
class Observation(Generic[View]):
    """How a resource stands: what `observe` has read, and what `compare` says of it."""

    view: View
    """What was read; of a type of the resource's own."""
    conflict: str = ""
    """Why it is not this resource's: the ownership conflict, with the next step. Empty if it is."""
    unmarked: bool = False
    """Whether nothing tells yet whose it is: right after our own create it may be ours."""
    refused: tuple[str, ...] = ()
    """What is asked and would lose data, or may not be used. Nothing is changed then."""
    busy: str = ""
    """The state in which it takes no change."""
    differs: tuple[str, ...] = ()
    """What is not as asked, among what is ours to set."""
    not_ready: str = ""
    """What is still to happen before it serves."""

    @property
    def owned(self) -> bool:
        """Tell whether it is this resource's own; a part of something owned is owned."""
        return not self.conflict

    def differing(self, things: Mapping[str, bool]) -> Observation[View]:
        """Return it with the names of those things that differ."""
        return replace(self, differs=tuple(name for name, differs in things.items() if differs))


@dataclass(frozen=True, eq=False)
class Observed(ABC, Generic[View]):
    """One thing in the world that is only observed: never made, changed or removed.

    Its fields are what is asked; subclasses are frozen dataclasses. A field may be an output of
    another resource. Every method may raise TemporaryError (look again) or PermanentError (give
    up, and say why).
    """

    words: ClassVar[str]
    """What people call it, in lower case: `database cluster`."""

    _seen: Seen[View] = field(default_factory=Seen, init=False, repr=False)

    @property
    def label(self) -> str:
        """What this one is called where there are several of a kind."""
        return self.words

    @abstractmethod
    def observe(self) -> Observation[View] | None:
        """Return what is there and whose it is, or None if nothing is.

        The one read of a step. It can do without outputs that are not known yet.
        """

    def compare(self, found: Observation[View]) -> Observation[View]:
        """Add what is busy, what differs and what is not ready, by what is asked.

        Called once all outputs are known, on what is owned. It reads no more than it has to.
        """
        return found

    def output(self, take: Callable[[View], T]) -> Output[T]:
        """Return an output: what `take` finds in the view, once this resource serves."""
        return Output((self,), lambda: take(self.last_view()))

    def last_view(self) -> View:
        """Return what was last observed. Raises NotKnown."""
        if self._seen.view is None:
            raise NotKnown(self.label)
        return self._seen.view

    def see(self, view: View | None) -> None:
        """Keep what was observed, or forget it: the engine alone calls this."""
        self._seen.view = view


class Creatable(Observed[View]):
    """It can be made."""

    @abstractmethod
    def create(self) -> None:
        """Begin to make it. Called only when nothing was observed."""


class Updatable(Observed[View]):
    """It can be changed in place."""

    @abstractmethod
    def update(self, found: Observation[View]) -> None:
        """Change what `found.differs` names. Called only when it names something."""


class Deletable(Observed[View]):
    """It can be removed. Without this, a removal does not look at it."""

    @abstractmethod
    def delete(self, view: View) -> None:
        """Begin to remove it. Called only on what is owned, perhaps again while it goes."""


class Resource(Creatable[View], Updatable[View], Deletable[View]):
    """It is made, changed in place and removed: the most common kind."""


class Attached(Creatable[View]):
    """It is made beside its parent, and goes or stays with it: nothing deletes it alone."""


class Remains(Deletable[View]):
    """Something of before that is not wanted any more: it is only ever removed."""


class ObservedFirst(Observed[View]):
    """It may refuse what is asked: it is observed before anything changes, with no output known."""


class HoldsData(ObservedFirst[View]):
    """Made anew it would be empty: once it has served, its absence is a failure."""


class Named(ObservedFirst[View]):
    """It is not the resource's: a property names it, and its owner says who may use it."""


class Superseding(Observed[View]):
    """It replaces older ones, which go once it serves."""

    @abstractmethod
    def superseded(self) -> Sequence[Deletable[Any]]:
        """Return the older resources that this one, now serving, has replaced.

        A removal asks too, for what an update that was cut off has left. It can do without
        outputs that are not known yet.
        """


class Undone(Observed[View]):
    """It must not outlast a failure of the whole."""

    @abstractmethod
    def give_up(self) -> None:
        """Undo it: what was stopped runs again, what was only lent is given back.

        Called, perhaps again and again, when the whole could not be made as asked. It can do
        without outputs, and waits for nothing.
        """


class Retained(Observed[View]):
    """It may stay when the whole goes."""

    @abstractmethod
    def retain(self, view: View) -> bool:
        """Tell whether it stays; if so, mark it as retained."""


class LeavesTraces(Observed[View]):
    """Its deletion leaves something that is to be marked."""

    @abstractmethod
    def after_removal(self) -> None:
        """Mark what it left. A removal calls it whenever it observes nothing, so perhaps again."""


def as_observed(view: View | None) -> Observation[View] | None:
    """Return a view as an observation of what is owned whoever made it; None for none."""
    return None if view is None else Observation(view)


def ownership_conflict(label: str) -> str:
    """Return the words for something that is there and belongs to somebody else."""
    return (
        f"{label} is there already and belongs to somebody else; it is left as it is. "
        f"Remove or rename it, then deploy again"
    )
